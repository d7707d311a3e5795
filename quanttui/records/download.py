"""A download from the hub: what it will take, how far it is, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from quanttui.records.model import ModelEntry


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file of a model. ``digest``: the hub's name for its content, SHA-256 where ``is_lfs``, else git's SHA-1.

    ``here_bytes``: what of it lies in the cache already; all of it, or the part that a stopped download left.
    """

    name: str
    size_bytes: int
    digest: str
    is_lfs: bool
    here_bytes: int = 0

    @property
    def is_whole(self) -> bool:
        return self.here_bytes == self.size_bytes


@dataclass(frozen=True, slots=True)
class DownloadPlan:
    """What a download of ``repo_id`` will take. ``revision`` is as it was asked for, None for branch main.

    ``commit`` is what the revision stands for now; ``cache`` is the folder of the hub's cache. ``free_bytes`` is None
    where the system does not tell; ``margin_bytes`` of it are to stay free.
    """

    repo_id: str
    revision: str | None
    commit: str
    cache: str
    files: tuple[PlannedFile, ...]
    free_bytes: int | None
    margin_bytes: int

    @property
    def model_id(self) -> str:
        return f"{self.repo_id}@{self.revision}" if self.revision else self.repo_id

    @property
    def total_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def here_bytes(self) -> int:
        return sum(file.here_bytes for file in self.files)

    @property
    def remaining_bytes(self) -> int:
        return self.total_bytes - self.here_bytes

    @property
    def fits_disk(self) -> bool:
        """Whether the disk holds what is still to come; nothing to come always fits."""
        if self.free_bytes is None or not self.remaining_bytes:
            return True
        return self.remaining_bytes + self.margin_bytes <= self.free_bytes


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """How far all files together are. Rate and time are None until they are known, and while nothing comes."""

    done_bytes: int
    total_bytes: int
    bytes_per_second: float | None = None
    remaining_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class DownloadFinished:
    """The last event: the model as the catalogue has it now."""

    entry: ModelEntry


DownloadEvent = DownloadProgress | DownloadFinished
