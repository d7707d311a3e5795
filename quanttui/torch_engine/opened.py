"""What is known of a model's folder before any weight is read, kept from one load to the next while no file changes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quanttui.torch_engine.blueprint import Blueprint, draw_blueprint
from quanttui.torch_engine.checkpoint import open_checkpoint
from quanttui.torch_engine.tokens import check_vocabulary, open_tokenizer


@dataclass(frozen=True)
class Opened:
    """``blueprint`` and ``tokenizer`` serve every variant: neither is changed by a load."""

    blueprint: Blueprint
    tokenizer: Any
    notes: tuple[str, ...]


class OpenedFolder:
    """Opens folders; remembers the last one. It holds no weight: some megabytes, most of them the tokenizer."""

    def __init__(self) -> None:
        self._kept: tuple[object, Opened] | None = None

    def open(self, path: str) -> Opened:
        """Read anew where any file's size, time or inode is another one. Raises as ``open_checkpoint`` does."""
        stamp = stamp_of(Path(path))  # before the files are read: what changes meanwhile is seen the next time
        if self._kept is None or stamp is None or self._kept[0] != stamp:
            self.forget()
            self._kept = stamp, _open(path)
        return self._kept[1]

    def forget(self) -> None:
        self._kept = None


def _open(path: str) -> Opened:
    blueprint = draw_blueprint(open_checkpoint(path))
    tokenizer = open_tokenizer(blueprint.checkpoint.folder)
    notes = (*blueprint.checkpoint.notes, *check_vocabulary(tokenizer, blueprint.embedding_rows))
    return Opened(blueprint, tokenizer, notes)


def stamp_of(folder: Path) -> object | None:
    """Another one as soon as a file changes. Of the files that links lead to, as in the hub's cache. None where the
    folder cannot be listed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        facts = [(entry.name, entry.stat()) for entry in entries]
    except OSError:
        return None
    return str(folder), tuple((name, fact.st_ino, fact.st_size, fact.st_mtime_ns) for name, fact in facts)
