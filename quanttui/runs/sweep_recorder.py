"""Writes a sweep into the history while it happens, one acknowledged step at a time. Knows events and the store."""

from __future__ import annotations

from quanttui.errors import QuantTuiError
from quanttui.records.events import ModelLoaded, ModelUnloaded
from quanttui.records.history import RunOrigin, RunState
from quanttui.records.sweep_events import (
    CellScored,
    SpeedMeasured,
    SweepEvent,
    SweepFailed,
    SweepFinished,
    SweepStarted,
    SweepTallied,
    UnitRead,
    UnitsDropped,
    VariantFailed,
)
from quanttui.runs.store import RunStore


class SweepRecorder:
    """Takes a sweep's events in their order. What ``note`` returned from is on the disk. Both raise HistoryError.

    A sweep that ``started`` says is resumed is taken up under its id: UsageError where that cannot be.
    """

    def __init__(self, store: RunStore, started: SweepStarted, origin: RunOrigin) -> None:
        self._store = store
        self._writer = store.sweep_writer()
        self._is_over = False
        try:
            if started.resumed is None:
                self._writer.begin(started, origin)
            else:
                self._writer.take_up(started, started.resumed, origin)
        except QuantTuiError:
            store.close()
            raise

    def note(self, event: SweepEvent) -> None:
        match event:
            case ModelLoaded(report=report):
                self._writer.load(report)
            case ModelUnloaded(variant=variant, report=unload):
                self._writer.unload(variant, unload)
            case UnitRead(unit=unit):
                self._writer.unit(unit)
            case UnitsDropped(kept=kept):
                self._writer.keep_units(kept)
            case CellScored(cell=cell):
                self._writer.cell(cell)
            case SpeedMeasured(speed=speed):
                self._writer.speed(speed)
            case VariantFailed(failure=failure):
                self._writer.failure(failure)
            case SweepTallied(snapshot=snapshot):
                self._writer.tally(snapshot)
            case SweepFinished(snapshot=snapshot):
                self._is_over = True
                self._writer.finish(snapshot)
            case SweepFailed():
                self._is_over = True
                state = RunState.CANCELLED if event.was_cancelled else RunState.FAILED
                self._writer.fail(state, event.message, event.hint, event.exit_code, event.snapshot)

    def close(self) -> None:
        """A sweep that has not told its end is cut off here."""
        try:
            if not self._is_over:
                self._writer.cut_off()
        finally:
            self._store.close()
