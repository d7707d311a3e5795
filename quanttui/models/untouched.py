"""Looking at files without leaving a trace: when a model was last used has to survive that the catalogue reads it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO


def open_untouched(path: Path) -> BinaryIO:
    """``path`` for reading bytes, its time of access left alone where the system lets us (an owner on Linux)."""
    return open(path, "rb", opener=_opener)


def last_used_seconds(files: Iterable[Path]) -> float | None:
    """When one of ``files`` was last read or written, in seconds since 1970; None where none is there.

    The hub's client takes a blob's time of access for this. Mounted with noatime, what is left is the download.
    """
    return max((seconds for file in files if (seconds := _used_seconds(file)) is not None), default=None)


def _used_seconds(path: Path) -> float | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return max(status.st_atime, status.st_mtime)


def _opener(path: str, flags: int) -> int:
    try:
        return os.open(path, flags | getattr(os, "O_NOATIME", 0))
    except PermissionError:  # another user's file: its time of access cannot be kept
        return os.open(path, flags)
