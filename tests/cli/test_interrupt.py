"""Ctrl-C and SIGTERM at any moment: one line, exit code 130, and no process left behind, not even a dead one."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from quanttui.records.history import RunState, StoredRun
from quanttui.runs.store import RunStore

STUBBORN = "held_engines:StubbornEngine"
SLOW = "held_engines:SlowEngine"


def wait_for(descriptor: int, text: bytes) -> bytes:
    """What a terminal shows until ``text`` is in it."""
    shown = b""
    while text not in shown:
        shown += os.read(descriptor, 4096)
    return shown


def latest_run(home: Path) -> StoredRun:
    with RunStore.open_existing(home / "quanttui" / "data" / "history.db") as store:
        return store.read(store.find("latest"))


def interrupt(start: Any, moment: bytes, number: signal.Signals, *argv: str, **options: Any) -> tuple[int, str, str]:
    """Run a comparison, signal it once its narration shows ``moment``; its exit code, stdout and last line."""
    ours, theirs = pty.openpty()
    process = start("compare", "--prompt", "Once", *argv, stdout=subprocess.PIPE, stderr=theirs, **options)
    os.close(theirs)
    wait_for(ours, moment)
    engines = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    shown = wait_for(ours, b"interrupted")
    out, _ = process.communicate(timeout=30)
    os.close(ours)
    assert not [engine for engine in engines if engine.is_running()]
    return process.returncode, out.decode(), shown.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_an_engine_that_does_not_answer(start: Any, home: Path, number: signal.Signals) -> None:
    code, out, shown = interrupt(start, b"5/", number, engine=STUBBORN)
    assert code == 130
    assert out == ""
    assert "Traceback" not in shown
    assert shown.count("quanttui: ") == 1
    assert latest_run(home).line.state is RunState.CANCELLED


def test_ends_an_engine_that_is_still_starting(start: Any) -> None:
    code, out, shown = interrupt(start, b"Starting the engine", signal.SIGINT, engine="torch")
    assert (code, out) == (130, "")
    assert "Traceback" not in shown


def test_ends_a_real_generation(start: Any) -> None:
    argv = ("--max-new-tokens", "500", "--candidate", "nf4")
    code, out, shown = interrupt(start, b"Generating bf16", signal.SIGINT, *argv, engine="torch")
    assert (code, out) == (130, "")
    assert "Traceback" not in shown


def test_ends_an_engine_inside_the_process(start: Any) -> None:
    code, out, shown = interrupt(start, b"5/", signal.SIGINT, "--in-process", engine=SLOW)
    assert (code, out) == (130, "")
    assert "Traceback" not in shown


def test_the_second_signal_ends_what_the_first_did_not(start: Any) -> None:
    ours, theirs = pty.openpty()
    process = start("compare", "--prompt", "Once", "--in-process", stderr=theirs, engine=STUBBORN)
    os.close(theirs)
    wait_for(ours, b"5/")
    process.send_signal(signal.SIGINT)
    wait_for(ours, b"Stopping")
    process.send_signal(signal.SIGTERM)
    assert b"Traceback" not in wait_for(ours, b"interrupted")
    os.close(ours)
    assert process.wait(30) == 130


def test_a_command_that_is_killed_leaves_what_it_had(start: Any, home: Path) -> None:
    ours, theirs = pty.openpty()
    process = start("compare", "--prompt", "Once", stderr=theirs, stdout=subprocess.DEVNULL, engine=STUBBORN)
    os.close(theirs)
    wait_for(ours, b"5/")
    process.kill()
    process.wait(30)
    os.close(ours)
    stored = latest_run(home)
    assert stored.line.state is RunState.CUT_OFF
    assert len(stored.run.loads) == 1
    assert stored.run.prompts[0].reference.text
