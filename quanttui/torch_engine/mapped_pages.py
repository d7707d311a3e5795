"""Pages of weight files that this process has mapped: which they are, and letting go of them. Knows no tensor."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from quanttui.torch_engine.checkpoint import Checkpoint

_MAPS = Path("/proc/self/maps")
_MADV_DONTNEED = 4

CAN_DROP = _MAPS.exists()
"""Elsewhere than on Linux nobody tells which pages are mapped."""
DROP_EVERY_BYTES = 64 * 2**20


class MappedPages:
    """The pages of ``files``.

    A page of a mapped file counts as the process's own once it was read, and stays: after the last weight was
    quantized, the whole file. Let go of, it is still in the system's page cache, and is mapped again when it is read
    again. Nothing may have written into these pages: what was written is lost. See madvise(2).
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self._files = {str(file.resolve()) for file in files}
        self._bytes = sum(Path(name).stat().st_size for name in self._files)

    def steps_between_drops(self, steps: int) -> int:
        """Where ``steps`` read all of the files: after how many of them it is worth the trouble."""
        return max(1, DROP_EVERY_BYTES * steps // max(1, self._bytes))

    def drop(self) -> None:
        """Without effect where the files are not mapped.

        The mappings are listed anew each time: where one was undone in the meantime, other memory may lie there, and
        would be lost. For the same reason no collection of garbage, which may undo one, comes between.
        """
        if CAN_DROP:
            with _no_collection():
                for start, end in _ranges(self._files):
                    ctypes.PyDLL(None).madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_DONTNEED)


def pages_of(checkpoint: Checkpoint) -> MappedPages:
    return MappedPages(checkpoint.folder / name for name in set(checkpoint.files.values()))


@contextmanager
def _no_collection() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _ranges(files: set[str]) -> list[tuple[int, int]]:
    """See proc_pid_maps(5): address range, permissions, offset, device, inode, path."""
    try:
        lines = _MAPS.read_text(errors="replace").splitlines()
    except OSError:
        return []
    fields = [line.split(maxsplit=5) for line in lines if line.endswith(tuple(files))]
    spans = [line[0].partition("-") for line in fields if len(line) == 6 and line[5] in files]
    return [(int(start, 16), int(end, 16)) for start, _, end in spans]
