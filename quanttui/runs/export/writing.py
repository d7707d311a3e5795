"""Exported files on the disk: private, whole, never over another file unasked; what goes wrong in a user's words."""

from __future__ import annotations

import os
from pathlib import Path

from quanttui.errors import QuantTuiError, UsageError
from quanttui.whole_files import write_whole


class ExportError(QuantTuiError):
    """A file could not be written: a full disk, a folder without permission."""


def write_private(path: Path, content: str | bytes, *, overwrite: bool = False) -> None:
    """Put ``content`` at ``path`` by ``write_whole``. Missing folders are made, for the owner alone.

    Raises UsageError where something is in the way, ExportError where the disk or its permissions are.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    if os.path.isdir(path) and not os.path.islink(path):
        raise UsageError(f"{path} is a folder", "Name a file in it.")
    _refuse_existing(path, overwrite)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, data, replace=overwrite)
    except FileExistsError:
        _refuse_existing(path, overwrite)
        raise UsageError(f"{path.parent} is in the way: it is no folder", "Name another folder.") from None
    except OSError as error:
        raise ExportError(
            f"{path} could not be written: {error.strerror}", "Name another place, or make room."
        ) from error


def _refuse_existing(path: Path, overwrite: bool) -> None:
    if not overwrite and os.path.lexists(path):
        raise UsageError(f"{path} exists", "Name another file, or ask to overwrite it (--force).")
