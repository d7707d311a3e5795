"""The user's own evaluation text: a file, or the text files of a folder. Knows no model and no windows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from quanttui.errors import UsageError
from quanttui.records import EvaluationText
from quanttui.suite.files import read_text

MAX_TEXT_BYTES = 16_000_000
SUFFIXES = (".md", ".text", ".txt")
"""What is read of a folder. A file that is named itself may be called anything."""

_ALLOWED = f"Name a UTF-8 text file, or a folder of them ({', '.join(SUFFIXES)})."


def read_texts(path: Path) -> tuple[EvaluationText, ...]:
    """One text a file, in the order of their names; of a folder, all below it but hidden and empty ones.

    Raises UsageError for what cannot be read, holds no text, or is larger than MAX_TEXT_BYTES together.
    """
    files = sorted(_files_below(path)) if path.is_dir() else [path]
    texts = tuple(_read_all(files))
    if not texts:
        raise UsageError(f"there is no text in {str(path)!r}", _ALLOWED)
    return texts


def _read_all(files: list[Path]) -> Iterator[EvaluationText]:
    read_bytes = 0
    for file in files:
        text = read_text(file, MAX_TEXT_BYTES, f"the text file {str(file)!r}", _ALLOWED)
        read_bytes += len(text.encode())
        if read_bytes > MAX_TEXT_BYTES:
            raise UsageError(f"the texts are larger than {MAX_TEXT_BYTES // 1_000_000} MB together", "Name fewer.")
        if text.strip():
            yield EvaluationText(file.as_posix(), text)


def _files_below(folder: Path) -> Iterator[Path]:
    """Links to folders are not followed: they can lead in a circle."""
    for root, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found = (Path(root, name) for name in names if not name.startswith("."))
        yield from (file for file in found if file.suffix.lower() in SUFFIXES and file.is_file())


def _refuse(error: OSError) -> NoReturn:
    raise UsageError(f"the folder {error.filename!r} cannot be read: {error.strerror}", _ALLOWED) from error
