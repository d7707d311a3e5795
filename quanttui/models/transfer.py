"""One file from the hub into a blob of the cache: goes on where an earlier try stopped, verifies what has come.

The library's own download keeps nothing of a file that broke off, and verifies no digest, hence this one:
https://github.com/huggingface/huggingface_hub/pull/4228
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from quanttui.models.hub_client import RemoteRepo, open_stream
from quanttui.models.hub_errors import ConnectionCutError, CorruptDownloadError, HubFailedError, HubUnreachableError
from quanttui.models.meter import Meter
from quanttui.models.partial_file import PartialFile
from quanttui.models.stopping import Stop
from quanttui.records.download import PlannedFile

# In a row without one new byte: then it is no hiccup.
_TRIES = 5


class BlobTransfer:
    """Fetches one file into ``blob``. ``retry_seconds``: the wait before a broken connection is tried again."""

    def __init__(
        self, repo: RemoteRepo, file: PlannedFile, blob: Path, meter: Meter, stop: Stop, retry_seconds: float
    ) -> None:
        self._repo, self._file, self._blob = repo, file, blob
        self._meter, self._stop, self._retry_seconds = meter, stop, retry_seconds

    def run(self) -> None:
        """Raises HubError, CancelledError, or OSError where the disk does not take it; what has come stays then."""
        with PartialFile(self._blob, self._file) as partial:
            if partial.size_bytes > self._file.size_bytes:
                partial.restart()
            self._meter.correct(partial.size_bytes - self._file.here_bytes)
            if self._blob.exists():  # another process was faster
                self._meter.correct(self._file.size_bytes - partial.size_bytes)
                partial.discard()
                return
            partial.read_digest(self._stop.check)
            self._fill(partial)
            self._verify(partial)
            partial.become_blob()

    def _fill(self, partial: PartialFile) -> None:
        failures = 0
        while partial.size_bytes < self._file.size_bytes:
            before = partial.size_bytes
            try:
                self._receive(partial)
            except (HubUnreachableError, HubFailedError) as error:
                failures = 1 if partial.size_bytes > before else failures + 1
                self._stop.check()
                if failures == _TRIES:
                    raise self._gave_up(error, partial) from None
                self._stop.wait(self._retry_seconds)

    def _receive(self, partial: PartialFile) -> None:
        with open_stream(self._repo, self._file.name, partial.size_bytes) as response, self._stop.ending(response):
            self._check_start(response, partial)
            for piece in response.iter_bytes():
                self._stop.check()
                partial.append(piece)
                self._meter.add(len(piece))
                if partial.size_bytes > self._file.size_bytes:
                    raise self._damaged(partial, f"more than its {self._file.size_bytes:,} bytes came")
        if partial.size_bytes < self._file.size_bytes:
            raise HubFailedError("", "it sent less than it said")

    def _check_start(self, response: Any, partial: PartialFile) -> None:
        """The answer begins where the file ends; a hub may ignore the question for a part and begin anew."""
        if response.status_code == 416:
            raise self._damaged(partial, f"the hub has no more than {partial.size_bytes:,} bytes of it")
        if partial.size_bytes and response.status_code == 200:
            self._meter.correct(-partial.size_bytes)
            partial.restart()
        elif not response.headers.get("content-range", f"bytes {partial.size_bytes}-").startswith(
            f"bytes {partial.size_bytes}-"
        ):
            raise HubFailedError("", "it sent another part of the file than it was asked for")

    def _verify(self, partial: PartialFile) -> None:
        if not partial.is_right():
            raise self._damaged(partial, "its digest is not the one that the hub names")

    def _damaged(self, partial: PartialFile, why: str) -> CorruptDownloadError:
        self._meter.correct(-partial.size_bytes)
        partial.discard()
        return CorruptDownloadError(self._file.name, why)

    def _gave_up(self, error: HubUnreachableError | HubFailedError, partial: PartialFile) -> Exception:
        if isinstance(error, HubFailedError) or not partial.size_bytes:
            return error
        return ConnectionCutError(self._file.name, partial.size_bytes, self._file.size_bytes)
