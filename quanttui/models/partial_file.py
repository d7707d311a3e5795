"""The part of a file that has come so far, and the digest of it. Knows the disk, not where the bytes come from."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from quanttui.models.blob_hash import blob_hash
from quanttui.models.hub_errors import AlreadyDownloadingError
from quanttui.records.download import PlannedFile

if TYPE_CHECKING:
    import hashlib

PARTIAL_ENDING = ".quanttui.incomplete"
_PIECE_BYTES = 1 << 20


def partial_path(blob: Path) -> Path:
    """Where the part of ``blob`` that has come waits for the rest. The ending is one that the hub's tools ignore."""
    return blob.with_name(blob.name + PARTIAL_ENDING)


class PartialFile:
    """Open for appending, and locked: the lock goes with the process, so no crash leaves it behind."""

    def __init__(self, blob: Path, file: PlannedFile) -> None:
        self._path, self._blob, self._planned = partial_path(blob), blob, file
        self._file = open(self._path, "a+b", buffering=0)  # noqa: SIM115  # closed by __exit__
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise AlreadyDownloadingError(file.name) from None
        self.size_bytes = os.fstat(self._file.fileno()).st_size
        self._digest = self._new_digest()

    def __enter__(self) -> PartialFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def read_digest(self, check: Callable[[], None]) -> None:
        """Take what an earlier try left into the digest; ``check`` is called every MiB and may raise."""
        self._file.seek(0)
        left = self.size_bytes
        while left and (piece := self._file.read(min(left, _PIECE_BYTES))):
            check()
            self._digest.update(piece)
            left -= len(piece)

    def append(self, piece: bytes) -> None:
        view = memoryview(piece)
        while view:
            written = self._file.write(view)
            self._digest.update(view[:written])
            self.size_bytes += written
            view = view[written:]

    def restart(self) -> None:
        """Forget all that has come."""
        self._file.truncate(0)
        self.size_bytes = 0
        self._digest = self._new_digest()

    def is_right(self) -> bool:
        """Whether the content is the one that the hub named."""
        return self._digest.hexdigest() == self._planned.digest

    def become_blob(self) -> None:
        """Safely on the disk first: a file of this name is taken for whole by everyone."""
        os.fsync(self._file.fileno())
        os.replace(self._path, self._blob)

    def discard(self) -> None:
        self._path.unlink(missing_ok=True)

    def _new_digest(self) -> hashlib._Hash:
        return blob_hash(self._planned.size_bytes, is_lfs=self._planned.is_lfs)
