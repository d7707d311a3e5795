"""Files written whole or not at all, for their owner alone, never through a link, never over another file unasked."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from quanttui.errors import QuantTuiError, UsageError


class ExportError(QuantTuiError):
    """A file could not be written: a full disk, a folder without permission."""


def write_private(path: Path, content: str | bytes, *, overwrite: bool = False) -> None:
    """Put ``content`` at ``path`` with mode 0600: on the disk under another name first, then renamed.

    A reader never sees half of it. Without ``overwrite`` an existing file stays; a link at ``path`` is replaced where
    ``overwrite``, never followed. Missing folders are made, for the owner alone.

    Raises UsageError where something is in the way, ExportError where the disk or its permissions are.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    if os.path.isdir(path) and not os.path.islink(path):
        raise UsageError(f"{path} is a folder", "Name a file in it.")
    _refuse_existing(path, overwrite)
    temporary = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_new(temporary, data)
        _rename(temporary, path, overwrite)
    except FileExistsError:
        _refuse_existing(path, overwrite)
        raise UsageError(f"{path.parent} is in the way: it is no folder", "Name another folder.") from None
    except OSError as error:
        raise ExportError(
            f"{path} could not be written: {error.strerror}", "Name another place, or make room."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _refuse_existing(path: Path, overwrite: bool) -> None:
    if not overwrite and os.path.lexists(path):
        raise UsageError(f"{path} exists", "Name another file, or ask to overwrite it (--force).")


def _write_new(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _rename(temporary: Path, path: Path, overwrite: bool) -> None:
    """A hard link is the rename that fails where the name is taken; some file systems have none."""
    if overwrite:
        os.replace(temporary, path)
        return
    try:
        os.link(temporary, path, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        _refuse_existing(path, overwrite=False)
        os.rename(temporary, path)
