"""A model from the hub into the cache, after a plan: several files at once, one progress over all of them.

Work runs in threads of its own, so that whoever iterates is never held up by the network; what has come when it stops,
for whatever reason, is where the next download begins.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from quanttui.errors import CancelledError, QuantTuiError
from quanttui.models.catalog import cached_entry
from quanttui.models.hub_cache import MAIN, repo_folder, write_ref
from quanttui.models.hub_client import RemoteRepo, link_file
from quanttui.models.hub_errors import CacheNotWritableError, DiskFullError, disk_error
from quanttui.models.meter import Meter
from quanttui.models.stopping import Stop
from quanttui.models.transfer import BlobTransfer
from quanttui.records.download import DownloadEvent, DownloadFinished, DownloadPlan, DownloadProgress, PlannedFile
from quanttui.units import format_bytes

_FILES_AT_ONCE = 4
_TELL_SECONDS = 0.1
# How long an end waits for its threads: what hangs in a name's look-up cannot be woken.
_PATIENCE_SECONDS = 0.5


class Download:
    """One run of ``plan``. ``events`` is iterated once, by one thread; ``cancel`` may be called by any.

    ``retry_seconds``: the wait before a broken connection is tried again.
    """

    def __init__(self, plan: DownloadPlan, *, retry_seconds: float = 1.0) -> None:
        self._plan, self._retry_seconds = plan, retry_seconds
        self._folder = repo_folder(Path(plan.cache), plan.repo_id)
        self._repo = RemoteRepo(plan.repo_id, plan.revision, plan.commit, {})
        self._meter = Meter(plan.here_bytes, plan.total_bytes)
        self._stop = Stop()
        self._waiting = deque(_by_content(plan.files))
        self._linked: list[str] = []
        self._failures: list[Exception] = []
        self._changed = threading.Event()

    def cancel(self) -> None:
        """End soon. What has come stays."""
        self._stop.ask()

    def events(self) -> Iterator[DownloadEvent]:
        """Progress about ten times a second, then DownloadFinished. Raises HubError and CancelledError."""
        self._check_room()
        workers = [threading.Thread(target=self._work, name="download", daemon=True) for _ in range(self._at_once)]
        try:
            self._make_folders()
            for worker in workers:
                worker.start()
            while any(worker.is_alive() for worker in workers) and not self._is_over:
                self._changed.wait(_TELL_SECONDS)
                self._changed.clear()
                yield self._meter.read()
            yield from self._finish()
        finally:
            self._stop.ask()
            deadline = time.monotonic() + _PATIENCE_SECONDS
            for worker in workers:
                if worker.ident is not None:
                    worker.join(max(0.0, deadline - time.monotonic()))

    @property
    def _at_once(self) -> int:
        return min(_FILES_AT_ONCE, len(self._waiting))

    @property
    def _is_over(self) -> bool:
        return bool(self._failures) or self._stop.is_asked

    def _check_room(self) -> None:
        plan = self._plan
        if not plan.fits_disk:
            need = f"{format_bytes(plan.remaining_bytes)} are still to come and {format_bytes(plan.margin_bytes)}"
            why = f"{need} stay free, but {format_bytes(plan.free_bytes)} are free in {plan.cache}"
            raise DiskFullError(plan.repo_id, plan.cache, why)

    def _make_folders(self) -> None:
        try:
            (self._folder / "blobs").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CacheNotWritableError(self._plan.cache, error.strerror or type(error).__name__) from None

    def _work(self) -> None:
        """The body of a thread: file after file, until none is left or something ends the download."""
        try:
            while True:
                self._stop.check()
                self._fetch(self._waiting.popleft())
        except (IndexError, CancelledError):
            pass
        except OSError as error:
            self._fail(disk_error(error, self._plan.repo_id, self._plan.cache))
        except QuantTuiError as error:
            self._fail(error)
        finally:
            self._changed.set()

    def _fetch(self, files: list[PlannedFile]) -> None:
        """``files`` have one content: it comes once."""
        first, *others = files
        blob = self._folder / "blobs" / first.digest
        if blob.exists():
            self._meter.correct(first.size_bytes - first.here_bytes)
        else:
            BlobTransfer(self._repo, first, blob, self._meter, self._stop, self._retry_seconds).run()
        self._meter.correct(sum(other.size_bytes - other.here_bytes for other in others))
        for file in files:
            self._stop.check()
            link_file(self._repo, file.name, Path(self._plan.cache))
            self._linked.append(file.name)

    def _fail(self, error: Exception) -> None:
        self._failures.append(error)
        self._stop.ask()

    def _finish(self) -> Iterator[DownloadEvent]:
        """The branch's name last: it never points to half a model, nor away from an older whole one."""
        if self._failures:
            raise self._failures[0]
        self._stop.check()
        plan = self._plan
        assert len(self._linked) == len(plan.files), "a thread ended without a word"
        if plan.revision is None or not plan.commit.startswith(plan.revision):
            try:
                write_ref(self._folder, plan.revision or MAIN, plan.commit)
            except OSError as error:
                raise disk_error(error, plan.repo_id, plan.cache) from None
        yield DownloadProgress(plan.total_bytes, plan.total_bytes, remaining_seconds=0.0)
        yield DownloadFinished(cached_entry(plan.model_id, {"HF_HUB_CACHE": plan.cache}))


def _by_content(files: tuple[PlannedFile, ...]) -> list[list[PlannedFile]]:
    """Files of one digest share a blob, and so a place in the queue."""
    groups: dict[str, list[PlannedFile]] = {}
    for file in files:
        groups.setdefault(file.digest, []).append(file)
    return list(groups.values())
