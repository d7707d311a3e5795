"""What a sweep has measured so far, folded from its events. Pure: no engine, no clock, no file."""

from __future__ import annotations

from dataclasses import replace

from quanttui.records import (
    EngineDescription,
    LoadRecord,
    MeasuredSpeed,
    ModelIdentity,
    Sweep,
    SweepCell,
    SweepRequest,
    SweepUnit,
    Variant,
    VariantFailure,
)
from quanttui.records.events import ModelLoaded, ModelUnloaded
from quanttui.records.sweep_events import (
    CellScored,
    SpeedMeasured,
    SweepEvent,
    SweepStarted,
    UnitRead,
    UnitsDropped,
    VariantFailed,
)


class Ledger:
    """Begins with the sweep's start, and with what an earlier process had of it."""

    def __init__(self, started: SweepStarted) -> None:
        earlier = started.resumed
        self.request: SweepRequest = started.request
        self.environment: EngineDescription = started.environment
        self.reference: Variant = started.reference
        self.model: ModelIdentity | None = earlier.model if earlier else None
        self.units: list[SweepUnit] = list(earlier.units) if earlier else []
        self.loads: list[LoadRecord] = list(earlier.loads) if earlier else []
        self.cells: dict[tuple[Variant, int], SweepCell] = {}
        self.speeds: dict[Variant, MeasuredSpeed] = {}
        self.failures: dict[Variant, VariantFailure] = {}
        self.kept_units: int | None = earlier.kept_units if earlier else None
        self.notes: list[str] = list(earlier.notes) if earlier else []
        if earlier:
            self.cells.update({(cell.variant, cell.unit): cell for cell in earlier.cells})
            self.speeds.update({speed.variant: speed for speed in earlier.speeds})
            self.failures.update({failure.variant: failure for failure in earlier.failures})

    def take(self, event: SweepEvent) -> None:
        """Events that measure nothing leave it as it is."""
        match event:
            case ModelLoaded(report=report):
                self.model = self.model or report.model
                self.loads.append(LoadRecord(report))
            case ModelUnloaded(variant=variant, report=unload):
                self.loads[:] = [
                    replace(load, unload=unload) if load is self.loads[-1] and load.report.variant == variant else load
                    for load in self.loads
                ]
            case UnitRead(unit=unit):
                self.units.append(unit)
            case UnitsDropped(kept=kept):
                self.kept_units = kept
            case CellScored(cell=cell):
                self.cells[cell.variant, cell.unit] = cell
            case SpeedMeasured(speed=speed):
                self.speeds[speed.variant] = speed
            case VariantFailed(failure=failure):
                self.failures[failure.variant] = failure

    def note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)

    def sweep(self, failure: str | None = None) -> Sweep:
        return Sweep(
            request=self.request,
            environment=self.environment,
            reference=self.reference,
            model=self.model,
            units=tuple(self.units),
            loads=tuple(self.loads),
            cells=tuple(self.cells.values()),
            speeds=tuple(self.speeds.values()),
            failures=tuple(self.failures.values()),
            kept_units=self.kept_units,
            notes=tuple(self.notes),
            failure=failure,
        )
