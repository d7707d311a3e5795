"""A folder held by any number of processes, or by one that removes it. The kernel lets go when a process ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "lock"


class FolderInUseError(Exception):
    """Another process, or another opening of this one, holds the folder."""


@contextmanager
def locked_shared(folder: Path) -> Iterator[None]:
    """``folder`` is there, made if need be, and stays until this is left. Raises OSError."""
    while True:
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            handle = _open(folder, os.O_CREAT)
        except FileNotFoundError:  # it was removed between the two
            continue
        fcntl.flock(handle, fcntl.LOCK_SH)
        if _still_names(folder, handle):
            break
        os.close(handle)
    try:
        yield
    finally:
        os.close(handle)


@contextmanager
def locked_alone(folder: Path) -> Iterator[None]:
    """Nobody else holds ``folder`` until this is left. Raises FolderInUseError at once where somebody does; OSError."""
    handle = _open(folder, os.O_CREAT)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUseError(folder.name) from None
        yield
    finally:
        os.close(handle)


def _open(folder: Path, flags: int) -> int:
    return os.open(folder / NAME, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | flags, 0o600)


def _still_names(folder: Path, handle: int) -> bool:
    """Whether the lock just taken is the one that others find there: the folder may have been removed meanwhile."""
    try:
        found = os.stat(folder / NAME)
    except FileNotFoundError:
        return False
    held = os.fstat(handle)
    return (found.st_dev, found.st_ino) == (held.st_dev, held.st_ino)
