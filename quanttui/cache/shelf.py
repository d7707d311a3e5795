"""The kept sides of one model and reference: a file of the engine's each, and beside it what makes it whole.

A side counts once its note is there, which is written last and holds its size and hash; one that does not keep them is
thrown away. Knows files and hashes, no tensor.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from quanttui.errors import CacheError
from quanttui.records import LoadRecord, MeasuredSpeed
from quanttui.typed_json import TypedJsonError, from_text, to_text
from quanttui.whole_files import write_whole

Value = TypeVar("Value")

ABOUT = "about.json"
_REFERENCE = "reference"
_HEAD = "has-head"


@dataclass(frozen=True, slots=True)
class SideGroup:
    """``key``: of everything that the sides depend on but their text. ``model`` and ``reference``: for people, raw."""

    key: str
    model: str
    reference: str


@dataclass(frozen=True, slots=True)
class KeptSide:
    """``path``: the engine's file. ``token_ids``, ``first_scored``: the text that was read and from where it counts."""

    path: str
    token_ids: tuple[int, ...]
    first_scored: int


@dataclass(frozen=True, slots=True)
class KeptReference:
    """The reference's own figures, for a sweep that does not have to load it. ``machine``: where they were measured;
    ``measured_seconds`` since the epoch. ``speed_tokens``: decoded for each of the speed's prompts."""

    load: LoadRecord
    machine: str
    measured_seconds: float
    speed: MeasuredSpeed | None = None
    speed_tokens: int = 0


@dataclass(frozen=True, slots=True)
class _Note:
    token_ids: tuple[int, ...]
    first_scored: int
    size_bytes: int
    sha256: str


class SideShelf:
    """Made by ``SideCache.opened``, which keeps ``folder`` from being removed meanwhile."""

    def __init__(self, folder: Path, group: SideGroup) -> None:
        self._folder = folder
        self._group = group
        self.touch()

    def path(self, unit_key: str) -> str:
        """Where the engine writes the side of a unit, whole or not at all."""
        return str(self._folder / f"{unit_key}.side")

    def find(self, unit_key: str) -> KeptSide | None:
        """The side of a unit, looked through from end to end; None where there is none that is whole."""
        note = _read(self._note_path(unit_key), _Note)
        if note is None:
            return None
        path = self.path(unit_key)
        if _size_and_hash(path) != (note.size_bytes, note.sha256):
            self.discard(unit_key)
            return None
        return KeptSide(path, note.token_ids, note.first_scored)

    def keep(self, unit_key: str, token_ids: tuple[int, ...], first_scored: int, *, has_head: bool = False) -> KeptSide:
        """The engine has written the side of a unit, and, with ``has_head``, its output head too. Raises CacheError
        where the side is not there, or cannot be noted."""
        path = self.path(unit_key)
        found = _size_and_hash(path)
        if found is None:
            raise CacheError("what the reference said of a text is not on the disk", "Run the sweep again.")
        self._write(self._note_path(unit_key), _Note(token_ids, first_scored, *found))
        if has_head and not self.has_head:
            self._write(self._folder / _HEAD, "")
        return KeptSide(path, token_ids, first_scored)

    @property
    def has_head(self) -> bool:
        return (self._folder / _HEAD).exists()

    def discard(self, unit_key: str) -> None:
        for path in (self._note_path(unit_key), Path(self.path(unit_key))):
            with contextlib.suppress(OSError):
                path.unlink()

    def reference(self) -> KeptReference | None:
        return _read(self._folder / _REFERENCE, KeptReference)

    def keep_reference(self, kept: KeptReference) -> None:
        self._write(self._folder / _REFERENCE, kept)

    def touch(self) -> None:
        """It was used now; a missing or damaged word on what this is for people is written anew."""
        if read_about(self._folder) != self._group:
            self._write(self._folder / ABOUT, self._group)
        with contextlib.suppress(OSError):
            os.utime(self._folder / ABOUT, (now := time.time(), now))

    def _note_path(self, unit_key: str) -> Path:
        return self._folder / f"{unit_key}.json"

    def _write(self, path: Path, value: object) -> None:
        try:
            write_whole(path, to_text(value).encode(), replace=True, durable=False)
        except OSError as error:
            raise CacheError(
                f"the sweep's cache cannot be written: {error.strerror or error}",
                "Make room on its disk (quanttui cache says where it lies).",
            ) from error


def read_about(folder: Path) -> SideGroup | None:
    return _read(folder / ABOUT, SideGroup)


def _read(path: Path, kind: type[Value]) -> Value | None:
    try:
        return from_text(path.read_text("utf-8"), kind)
    except (OSError, UnicodeError, TypedJsonError):
        return None


def _size_and_hash(path: str) -> tuple[int, str] | None:
    try:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return file.tell(), digest
    except OSError:
        return None
