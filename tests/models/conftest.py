"""Model folders and Hugging Face caches, built in the layouts that really occur."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from model_files import SMALL_MODEL, Tensors, safetensors_bytes

from quanttui.models.demo import MODEL_FOLDER

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
