"""A sweep's events, written into the history as they come by. No fault of the history ever reaches the sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from quanttui import __version__
from quanttui.errors import HistoryError, UsageError
from quanttui.models.weights_hash import weights_header_sha256
from quanttui.pipeline.driving import closed_after
from quanttui.pipeline.unstarted import is_worth_keeping, unstarted_sweep
from quanttui.records import SweepRequest
from quanttui.records.history import RunOrigin
from quanttui.records.sweep_events import SweepEvent, SweepFailed, SweepStarted
from quanttui.runs.store import RunStore
from quanttui.runs.sweep_recorder import SweepRecorder

StartSweepRecording = Callable[[SweepStarted], SweepRecorder]
"""Opens the history for a sweep that has just started or was taken up. Raises HistoryError; UsageError where it goes on
in another process already."""


def recording_sweep(path: Path, interface: str, rerun_of: str | None = None) -> StartSweepRecording:
    """Into the database at ``path``, by whom and as what the sweep is made; ``RunOrigin`` tells them apart."""

    def start(started: SweepStarted) -> SweepRecorder:
        fingerprint = weights_header_sha256(Path(started.request.model.path))
        origin = RunOrigin(__version__, interface, fingerprint, rerun_of)
        return SweepRecorder(RunStore.open(path), started, origin)

    return start


def recorded_sweep(
    events: Iterator[SweepEvent],
    start: StartSweepRecording | None,
    warn: Callable[[HistoryError], None],
    request: SweepRequest | None = None,
) -> Iterator[SweepEvent]:
    """``events``, each passed on once what it tells is on the disk. ``start`` None: just passed on. ``request``: where
    it is given, a sweep that failed before it had started is kept too.

    Where the history cannot take them, ``warn`` is called once and the sweep goes on unrecorded. One that another
    process has taken up meanwhile ends here with SweepFailed. However this ends, ``events`` is closed.
    """
    if start is None:
        yield from events
        return
    with closing(_Recording(start, warn, request)) as taken, closed_after(events):
        for event in events:
            if refused := taken.take(event):
                yield SweepFailed(None, None, refused.message, refused.hint, refused.exit_code)
                return
            yield event


class _Recording:
    """The recorder from the sweep's start until its first fault."""

    def __init__(
        self, start: StartSweepRecording, warn: Callable[[HistoryError], None], request: SweepRequest | None
    ) -> None:
        self._start = start
        self._unstarted = request
        self._warn = warn
        self._recorder: SweepRecorder | None = None

    def take(self, event: SweepEvent) -> UsageError | None:
        """Write what ``event`` tells; why the sweep cannot be this process's, where it cannot."""
        try:
            if isinstance(event, SweepStarted):
                self._unstarted = None
                self._recorder = self._start(event)
            elif isinstance(event, SweepFailed) and self._unstarted is not None and is_worth_keeping(event):
                self._recorder = self._start(unstarted_sweep(self._unstarted))
                self._recorder.note(event)
            elif self._recorder is not None:
                self._recorder.note(event)
        except UsageError as error:
            return error
        except HistoryError as error:
            self._warn(error)
            self._warn = lambda _error: None
            self.close()
        return None

    def close(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        try:
            recorder.close()
        except HistoryError as error:
            self._warn(error)
