"""Files written whole or not at all, for their owner alone, and never through a link. Knows bytes and paths only."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path


def write_whole(path: Path, data: bytes | Sequence[bytes | memoryview], *, replace: bool, durable: bool = True) -> None:
    """Put ``data`` (or its parts, in order) at ``path`` with mode 0600: under another name first, then renamed. Its
    folder has to be there.

    A reader never sees half of it. Where something is there already it stays, unless ``replace``; a link is replaced,
    never followed. ``durable``: on the disk before it has its name, which can take long. Raises OSError,
    FileExistsError where the name is taken.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        _write_new(temporary, data, durable=durable)
        if replace:
            os.replace(temporary, path)
        else:
            _rename_to_new(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _write_new(path: Path, data: bytes | Sequence[bytes | memoryview], *, durable: bool) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.writelines([data] if isinstance(data, bytes) else data)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def _rename_to_new(temporary: Path, path: Path) -> None:
    """A hard link is the rename that fails where the name is taken; some file systems have none."""
    try:
        os.link(temporary, path, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        os.rename(temporary, path)
