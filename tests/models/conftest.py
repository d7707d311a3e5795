"""Model folders and Hugging Face caches in the layouts that really occur, and a hub with the real client before it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hub_model import DIGEST, FILES
from loopback_hub import TOKEN, LoopbackHub, running_hub
from model_files import SMALL_MODEL, Tensors, safetensors_bytes

from quanttui.models.demo import MODEL_FOLDER
from quanttui.models.partial_file import PARTIAL_ENDING

Ask = Callable[..., Any]
MakeModel = Callable[..., Path]
CacheModel = Callable[..., Path]


@pytest.fixture
def demo_copy(tmp_path: Path) -> Path:
    """The demo model's files in a folder that may be damaged."""
    return Path(shutil.copytree(MODEL_FOLDER, tmp_path / "copy"))


@pytest.fixture
def make_model() -> MakeModel:
    """Write a small, whole model into a folder: config, tokenizer, weights."""

    def make(folder: Path, config: dict[str, Any] | None = None, tensors: Tensors = SMALL_MODEL) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        whole = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "max_position_embeddings": 64}
        (folder / "config.json").write_text(json.dumps(whole | (config or {})))
        (folder / "tokenizer.json").write_text("{}")
        (folder / "model.safetensors").write_bytes(safetensors_bytes(tensors))
        return folder

    return make


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """An empty cache folder."""
    folder = tmp_path / "hub"
    folder.mkdir()
    return folder


@pytest.fixture
def cache_model(cache: Path, make_model: MakeModel, tmp_path: Path) -> CacheModel:
    """Put a model into the cache as the hub's client does: blobs named by hash, a snapshot of links, a ref."""

    def put(repo_id: str, commit: str = "a" * 40, ref: str | None = "main") -> Path:
        repo = cache / f"models--{repo_id.replace('/', '--')}"
        snapshot = repo / "snapshots" / commit
        for folder in (repo / "blobs", snapshot, repo / "refs"):
            folder.mkdir(parents=True, exist_ok=True)
        for file in make_model(tmp_path / "staging").iterdir():
            content = file.read_bytes()
            blob = repo / "blobs" / hashlib.sha256(content).hexdigest()
            blob.write_bytes(content)
            (snapshot / file.name).unlink(missing_ok=True)
            (snapshot / file.name).symlink_to(os.path.relpath(blob, snapshot))
        if ref is not None:
            (repo / "refs" / ref).parent.mkdir(parents=True, exist_ok=True)
            (repo / "refs" / ref).write_text(commit)
        return snapshot

    return put


@pytest.fixture(scope="module")
def one_hub() -> Iterator[LoopbackHub]:
    with running_hub() as hub:
        yield hub


@pytest.fixture
def hub(one_hub: LoopbackHub) -> Iterator[LoopbackHub]:
    """With one whole model, ``org/model``."""
    one_hub.reset()
    one_hub.add("org/model", FILES)
    yield one_hub
    one_hub.reset()


@pytest.fixture(scope="module")
def driver(one_hub: LoopbackHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Path]]:
    told = tmp_path_factory.mktemp("driver") / "stderr"
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith(("HF_", "HTTP"))}
    environment |= {
        "HF_ENDPOINT": one_hub.endpoint,
        "HF_HOME": str(told.parent / "home"),
        "HF_HUB_DOWNLOAD_TIMEOUT": "600",  # what ends a read in these tests is never the clock
        "NO_PROXY": "127.0.0.1",
    }
    with told.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("hub_driver.py"))],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        with process:
            yield process, told
            process.stdin.close()


@pytest.fixture
def ask(driver: tuple[Any, Path], hub: LoopbackHub, cache: Path) -> Ask:
    process, told = driver

    def order(deed: str, model_id: str = "org/model", **options: Any) -> Any:
        place = {} if deed == "headers" else {"cache": str(cache)}
        process.stdin.write(json.dumps({"deed": deed, "model_id": model_id, **place, **options}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, told.read_text()
        assert TOKEN not in line + told.read_text()
        assert "theSignature" not in line + told.read_text()
        answer = json.loads(line)
        assert "crash" not in answer, answer["crash"]
        return answer if "error" in answer else answer["result"]

    return order


@pytest.fixture
def partial(cache: Path) -> Path:
    """Where the weights wait for their rest."""
    return cache / "models--org--model" / "blobs" / f"{DIGEST}{PARTIAL_ENDING}"
