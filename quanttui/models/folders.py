"""Folders by the beginning of their names, as a shell completes them. Lists names; reads no file."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Completion:
    """``text``: what was typed, as far as it can be completed; ``names``: the folders that it may become."""

    text: str
    names: tuple[str, ...] = ()


def complete_folder(typed: str) -> Completion:
    """Hidden folders only where a dot was typed; ``~`` stays as it is. What cannot be listed completes to itself."""
    if typed.startswith("~") and "/" not in typed:
        return Completion(f"{typed}/" if os.path.isdir(os.path.expanduser(typed)) else typed)
    parent, slash, begun = typed.rpartition("/")
    names = _folders_in(os.path.expanduser(parent + slash) or ".", begun)
    if not names:
        return Completion(typed)
    shared = os.path.commonprefix(names) + ("/" if len(names) == 1 else "")
    return Completion(parent + slash + shared, names)


def _folders_in(folder: str, begun: str) -> tuple[str, ...]:
    try:
        with os.scandir(folder) as entries:
            found = [entry.name for entry in entries if entry.name.startswith(begun) and entry.is_dir()]
    except (OSError, ValueError):
        return ()
    return tuple(sorted(name for name in found if begun.startswith(".") or not name.startswith(".")))
