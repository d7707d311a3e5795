"""Prompts from the command line: given one by one, or one a line in a file. Knows no model."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from quanttui.errors import UsageError

STDIN = "-"


def gather_prompts(given: Sequence[str], file: str | None) -> tuple[str, ...]:
    """The prompts of ``--prompt`` and then those of ``--prompts-file``. Raises UsageError where there is none."""
    prompts = (*given, *(_from_file(file) if file is not None else ()))
    if not prompts:
        raise UsageError("there is no prompt", 'Give at least one: --prompt "Once upon a time", or --prompts-file FILE')
    return prompts


def _from_file(name: str) -> tuple[str, ...]:
    lines = (line.removesuffix("\r") for line in _read(name).split("\n"))
    prompts = tuple(line for line in lines if line.strip())
    if not prompts:
        raise UsageError(f"{_title(name)} holds no prompt", "Write one prompt a line; empty lines are left out.")
    return prompts


def _read(name: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"the prompts file {name!r} cannot be read: {error.strerror}", "Name a text file, or - for standard input."
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{_title(name)} is no UTF-8 text: {error.reason} at byte {error.start}",
            "Save it as UTF-8, one prompt a line.",
        ) from error


def _title(name: str) -> str:
    return "standard input" if name == STDIN else f"the prompts file {name!r}"
