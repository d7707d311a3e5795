"""The command in this process (fast, scripted engine) and as a process of its own (signals, terminals, real engine)."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from quanttui.cli import main

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


Command = Callable[..., Result]
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of nobody: no cache, no settings, no colours asked for or forbidden."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "HF_TOKEN", "HF_HUB_CACHE", "QUANTTUI_IN_PROCESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("QUANTTUI_HOME", str(tmp_path / "quanttui"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    return tmp_path


@pytest.fixture
def command(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs one command line in this process, on the scripted engine."""
    monkeypatch.setenv("QUANTTUI_ENGINE", "scripted")
    monkeypatch.setenv("QUANTTUI_IN_PROCESS", "1")

    def run(*argv: str, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main(argv)
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return run


@pytest.fixture
def start(home: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Starts a command line as a process, with engines of this folder in reach, as a shell would in the foreground."""
    monkeypatch.setenv("PYTHONPATH", str(HERE))

    def popen(*argv: str, engine: str = "scripted", **options: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "quanttui", *argv],
            env={**os.environ, "QUANTTUI_ENGINE": engine},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            **{"stdin": subprocess.DEVNULL, **options},
        )

    return popen
