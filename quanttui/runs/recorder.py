"""Writes a run into the history while it happens, one acknowledged step at a time. Knows events and the store."""

from __future__ import annotations

from quanttui.errors import HistoryError
from quanttui.records.events import (
    CandidateScored,
    ModelLoaded,
    ModelUnloaded,
    OutputFinished,
    RunEvent,
    RunFailed,
    RunFinished,
    RunStarted,
)
from quanttui.records.history import RunOrigin, RunState
from quanttui.runs.store import RunStore
from quanttui.runs.store.writing import StoredOutput


class RunRecorder:
    """Takes a run's events in their order. What ``note`` returned from is on the disk. Both raise HistoryError."""

    def __init__(self, store: RunStore, started: RunStarted, origin: RunOrigin) -> None:
        self._store = store
        self._writer = store.writer()
        self._is_over = False
        try:
            self._writer.begin(started, origin)
        except HistoryError:
            store.close()
            raise

    def note(self, event: RunEvent) -> None:
        match event:
            case ModelLoaded(report=report):
                self._writer.load(report)
            case ModelUnloaded(variant=variant, report=unload):
                self._writer.unload(variant, unload)
            case OutputFinished():
                self._note_output(event, is_whole=True)
            case CandidateScored(variant=variant, prompt=prompt, score=score, divergence=divergence):
                self._writer.score(variant, prompt, score, divergence)
            case RunFinished(run=run):
                self._is_over = True
                self._writer.finish(run.summaries)
            case RunFailed(message=message, hint=hint, exit_code=exit_code):
                self._is_over = True
                state = RunState.CANCELLED if event.was_cancelled else RunState.FAILED
                measured = event.run.summaries if event.run is not None else ()
                self._writer.fail(state, message, hint, exit_code, measured)

    def note_part(self, event: OutputFinished) -> None:
        """An output as far as it goes; what comes later of it takes its place."""
        self._note_output(event, is_whole=False)

    def close(self) -> None:
        """A run that has not told its end is cut off here."""
        try:
            if not self._is_over:
                self._writer.cut_off()
        finally:
            self._store.close()

    def _note_output(self, event: OutputFinished, *, is_whole: bool) -> None:
        made = StoredOutput(event.output, event.first_divergence, event.diff)
        self._writer.output(event.variant, event.prompt, made, is_reference=event.is_reference, is_whole=is_whole)
