"""stdout and stderr as they can be met: a terminal, a pipe whose reader left, a full disk, a closed descriptor."""

from __future__ import annotations

import os
import pty
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ONCE = ("compare", "--prompt", "Once upon a time", "--max-new-tokens", "12", "--in-process")


def read_terminal(descriptor: int) -> str:
    """All that is written to a terminal until its other end is closed."""
    chunks = []
    while True:
        try:
            chunk = os.read(descriptor, 65536)
        except OSError:  # Linux says EIO where others say end of file
            chunk = b""
        if not chunk:
            os.close(descriptor)
            return b"".join(chunks).decode()
        chunks.append(chunk)


def on_terminal(start: Callable[..., subprocess.Popen[bytes]], *argv: str, **streams: Any) -> tuple[int, str]:
    ours, theirs = pty.openpty()
    process = start(*argv, **dict.fromkeys(("stdout", "stderr"), theirs) | streams)
    os.close(theirs)
    shown = read_terminal(ours)
    return process.wait(30), shown


def test_a_terminal_gets_colours(start: Any) -> None:
    code, shown = on_terminal(start, *ONCE, stderr=subprocess.DEVNULL)
    assert code == 0
    assert "\x1b[" in shown
    assert "[sons]" in shown


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_escape_code_where_colours_are_not_wanted(
    start: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    code, shown = on_terminal(start, *ONCE, stderr=subprocess.DEVNULL)
    assert code == 0
    assert "\x1b" not in shown
    assert "[sons]" in shown


def test_a_pipe_stays_plain_even_where_colours_are_forced(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    out, _ = start(*ONCE, stdout=subprocess.PIPE).communicate(timeout=30)
    assert b"\x1b" not in out


def test_a_terminal_sees_what_is_waited_for_and_a_pipe_does_not(start: Any) -> None:
    code, shown = on_terminal(start, *ONCE, stdout=subprocess.DEVNULL)
    assert code == 0
    assert "Ctrl-C stops" in shown
    assert shown.endswith(("\x1b[?25h", "\x1b[2K"))  # the cursor is back, the line is gone


def test_quiet_is_silent_on_a_terminal_too(start: Any) -> None:
    assert on_terminal(start, *ONCE, "--quiet", stdout=subprocess.DEVNULL) == (0, "")


def test_a_reader_who_left_ends_the_command_quietly(start: Any) -> None:
    process = start(*ONCE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(30) == 141


def test_help_without_a_reader_is_no_success(start: Any) -> None:
    process = start("--help", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(30) == 141


@pytest.mark.parametrize("redirect", ["<&-", "0>/dev/null"], ids=["closed", "open for writing alone"])
def test_a_standard_input_that_cannot_be_read_is_told(home: Path, redirect: str) -> None:
    words = f'"{sys.executable}" -m quanttui compare --prompts - {redirect}'
    done = subprocess.run(words, shell=True, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("quanttui: standard input cannot be read: ")


def test_what_others_wrote_never_begins_a_line_of_stderr(start: Any) -> None:
    process = start("compare", "--model", "x\nquanttui: all is well", stderr=subprocess.PIPE)
    _, err = process.communicate(timeout=30)
    assert not [line for line in err.splitlines()[1:] if line.startswith(b"quanttui:")]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
@pytest.mark.parametrize("shown", ["--json", "--no-score"])
def test_a_full_disk_is_told(start: Any, shown: str) -> None:
    with open("/dev/full", "wb") as full:
        process = start(*ONCE, shown, stdout=full, stderr=subprocess.PIPE)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err.startswith(b"quanttui: the result could not be written to standard output: No space left")
    assert b"next: " in err
    assert b"Traceback" not in err


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_disk_that_takes_a_part_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, unbuffered: str
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    limit = (512, 512)
    with (tmp_path / "out").open("wb") as out:
        done = subprocess.run(
            [sys.executable, "-m", "quanttui", "export", "--schema"],
            stdout=out,
            stderr=subprocess.PIPE,
            timeout=30,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
        )
    assert done.returncode == 1
    assert done.stderr.startswith(b"quanttui: the result could not be written to standard output: File too large")


def test_a_character_that_the_terminal_lacks_is_no_failure(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    process = start("compare", "--in-process", "--prompt", "für", stdout=subprocess.PIPE)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert b"f\\xfcr" in out


def test_a_narrow_terminal_loses_no_name(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    out, _ = start("models", stdout=subprocess.PIPE).communicate(timeout=30)
    assert b"demo" in out
    assert b"LlamaForCausalLM" in out
