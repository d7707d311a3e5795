"""The reference's sides of texts, kept from one sweep to the next: one folder a model and reference, within a limit.

Knows folders, locks and sizes; what lies in a side file is the engine's business. Any number of processes may use one
cache: a folder that is open anywhere is never removed, and what is there under its name is whole.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from quanttui.cache.folder_lock import FolderInUseError, locked_alone, locked_shared
from quanttui.cache.shelf import ABOUT, SideGroup, SideShelf, read_about
from quanttui.errors import CacheError

DEFAULT_LIMIT_BYTES = 10 * 10**9

_GOING = ".going-"


@dataclass(frozen=True, slots=True)
class SideEntry:
    """One folder of the cache: what it holds, for people. ``last_used_seconds`` since the epoch. ``group`` None: what
    lies there cannot be read, and is of no use."""

    key: str
    group: SideGroup | None
    texts: int
    size_bytes: int
    last_used_seconds: float
    in_use: bool


@dataclass(frozen=True, slots=True)
class Cleared:
    entries: int
    size_bytes: int
    left_in_use: int


class SideCache:
    """All kept sides, below ``root``. Cheap to make: nothing is touched before it is used."""

    def __init__(self, root: Path, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self.root = root
        self.limit_bytes = limit_bytes

    @contextmanager
    def opened(self, group: SideGroup) -> Iterator[SideShelf]:
        """The sides of one model and reference, safe from removal until this is left. Raises CacheError."""
        folder = self.root / group.key
        with contextlib.ExitStack() as stack:
            try:
                self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
                stack.enter_context(locked_shared(folder))
                shelf = SideShelf(folder, group)
            except OSError as error:
                raise _unwritable(self.root, error) from error
            try:
                yield shelf
            finally:
                with contextlib.suppress(CacheError):
                    shelf.touch()
                stack.close()
                self.trim()

    def entries(self) -> tuple[SideEntry, ...]:
        """Those used last first."""
        found = [_entry(folder) for folder in self._folders()]
        return tuple(sorted(found, key=lambda entry: -entry.last_used_seconds))

    @property
    def size_bytes(self) -> int:
        return sum(entry.size_bytes for entry in self.entries())

    def clear(self, key: str | None = None) -> Cleared:
        """Remove the folder ``key``, or all of them; what a running sweep uses stays."""
        entries = [entry for entry in self.entries() if key in (None, entry.key)]
        gone = [entry for entry in entries if self._remove(entry.key)]
        return Cleared(len(gone), sum(entry.size_bytes for entry in gone), len(entries) - len(gone))

    def trim(self) -> None:
        """Remove what was used least recently until the rest keeps the limit, as far as it is not in use."""
        entries = self.entries()
        over = sum(entry.size_bytes for entry in entries) - self.limit_bytes
        for entry in reversed(entries):
            if over <= 0:
                return
            if self._remove(entry.key):
                over -= entry.size_bytes

    def _folders(self) -> list[Path]:
        try:
            return [Path(at.path) for at in os.scandir(self.root) if at.is_dir(follow_symlinks=False)]
        except OSError:
            return []

    def _remove(self, key: str) -> bool:
        """The folder loses its name first: whoever opens it next makes a new one. One that was left half removed is
        removed here too."""
        folder = self.root / key
        going = folder if key.startswith(_GOING) else folder.with_name(f"{_GOING}{os.getpid()}-{key}")
        try:
            with locked_alone(folder):
                folder.rename(going)
        except (FolderInUseError, OSError):
            return False
        shutil.rmtree(going, ignore_errors=True)
        return True


def _entry(folder: Path) -> SideEntry:
    sizes, texts = 0, 0
    with contextlib.suppress(OSError):
        for at in os.scandir(folder):
            with contextlib.suppress(OSError):
                sizes += at.stat(follow_symlinks=False).st_size
            texts += at.name.endswith(".json") and at.name != ABOUT
    return SideEntry(folder.name, read_about(folder), texts, sizes, _last_used(folder), _is_in_use(folder))


def _last_used(folder: Path) -> float:
    try:
        return (folder / ABOUT).stat().st_mtime
    except OSError:
        return 0.0


def _is_in_use(folder: Path) -> bool:
    try:
        with locked_alone(folder):
            return False
    except FolderInUseError:
        return True
    except OSError:
        return False


def _unwritable(root: Path, error: OSError) -> CacheError:
    return CacheError(
        f"the folder {str(root)!r}, in which a sweep keeps what the reference said, cannot be written: "
        f"{error.strerror or error}",
        "Make room there, or set QUANTTUI_HOME to a folder that can be written.",
    )
