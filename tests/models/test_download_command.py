"""``quanttui models download`` as a process: what it tells where, and Ctrl-C on a terminal."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from loopback_hub import Fault, LoopbackHub, running_hub
from model_files import safetensors_bytes

WEIGHTS = safetensors_bytes({"model.embed_tokens.weight": ("BF16", [1000, 128])})
FILES = {
    "config.json": b'{"architectures": ["LlamaForCausalLM"]}',
    "tokenizer.json": b"{}",
    "model.safetensors": WEIGHTS,
}
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with running_hub() as hub:
        hub.add("org/model", FILES)
        yield hub


@pytest.fixture
def start(hub: LoopbackHub, cache: Path) -> Start:
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith(("HF_", "HTTP"))}
    environment |= {"HF_ENDPOINT": hub.endpoint, "HF_HUB_CACHE": str(cache), "HF_HUB_DOWNLOAD_TIMEOUT": "600"}
    environment |= {"NO_PROXY": "127.0.0.1", "TERM": "xterm-256color", "COLUMNS": "120", "HF_HOME": str(cache / "home")}

    def popen(*argv: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "quanttui", "models", "download", *argv],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            **{"stderr": subprocess.PIPE, **options},
        )

    return popen


def test_the_folder_is_data_and_the_plan_is_narration(start: Start, cache: Path) -> None:
    out, err = (process := start("org/model")).communicate(timeout=60)
    assert process.returncode == 0
    assert out == f"{cache}/models--org--model/snapshots/{'c' * 40}\n"
    assert err.startswith("quanttui: note: org/model (cccccccc): 256.2 kB in 3 files; ")


def test_a_dry_run_names_the_files_and_writes_nothing(start: Start, cache: Path) -> None:
    out, _ = start("org/model", "--dry-run", "--json", "-q").communicate(timeout=60)
    plan = json.loads(out)["plan"]
    assert [file["name"] for file in plan["files"]] == list(FILES)
    assert plan["remaining_bytes"] == sum(map(len, FILES.values()))
    assert not (cache / "models--org--model").exists()


def test_a_failure_is_three_lines_and_no_trace(start: Start) -> None:
    out, err = (process := start("org/nowhere", "--json")).communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert [line.partition(":")[0] for line in err.splitlines()] == ["quanttui", "  why", "  next"]


def test_stopped_it_says_how_it_goes_on_and_does(start: Start, hub: LoopbackHub) -> None:
    hub.faults["model.safetensors"] = Fault(cut_after=128_000, stalls=True)
    ours, theirs = pty.openpty()
    process = start("org/model", stderr=theirs)
    os.close(theirs)
    shown = b""
    while b"128.0/256.2 kB" not in shown:
        shown += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    while b"goes on from there" not in shown:
        shown += os.read(ours, 4096)
    assert (process.wait(timeout=60), process.communicate()[0]) == (130, "")
    os.close(ours)
    assert b"stopped with 128.0 kB of 256.2 kB here" in shown
    assert b"Traceback" not in shown
    out, _ = (again := start("org/model", "--json")).communicate(timeout=60)
    document = json.loads(out)
    assert (again.returncode, document["plan"]["here_bytes"] >= 127_900) == (0, True)
    assert document["model"]["problem"] is None
