"""What a check of a model's files against the hub's names for them found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FileState(StrEnum):
    """``UNKNOWN``: nothing says what the file should hold."""

    OK = "ok"
    DAMAGED = "damaged"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FileChecked:
    """``name`` inside the model's folder, untrusted; ``reason`` in words where ``state`` is not ``OK``."""

    name: str
    size_bytes: int | None
    state: FileState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HashProgress:
    """``done_bytes`` of ``total_bytes`` of all files are read; ``name`` is the one being read."""

    name: str
    done_bytes: int
    total_bytes: int
