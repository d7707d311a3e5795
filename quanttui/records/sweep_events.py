"""What a sweep tells while it goes on: past tense, one frozen value each. Loads are told as in a comparison."""

from __future__ import annotations

from dataclasses import dataclass

from quanttui.records.engine import EngineDescription
from quanttui.records.events import LoadProgressed, LoadStarted, ModelLoaded, ModelUnloaded
from quanttui.records.sweep_run import (
    MeasuredSpeed,
    Sweep,
    SweepCell,
    SweepRequest,
    SweepSnapshot,
    SweepUnit,
    VariantFailure,
)
from quanttui.records.variant import Variant


@dataclass(frozen=True, slots=True)
class SweepStarted:
    """The engine is warm, the reference is settled. ``resumed``: what an earlier process had of this sweep."""

    request: SweepRequest
    environment: EngineDescription
    reference: Variant
    resumed: Sweep | None = None


@dataclass(frozen=True, slots=True)
class UnitRead:
    """The reference has read a unit, or its side of it was found in the cache."""

    unit: SweepUnit


@dataclass(frozen=True, slots=True)
class UnitsDropped:
    """Too little time for all: the units from index ``kept`` on are read by nobody."""

    kept: int


@dataclass(frozen=True, slots=True)
class CellScored:
    cell: SweepCell


@dataclass(frozen=True, slots=True)
class SpeedMeasured:
    speed: MeasuredSpeed


@dataclass(frozen=True, slots=True)
class VariantFailed:
    """The others go on."""

    failure: VariantFailure


@dataclass(frozen=True, slots=True)
class SweepTallied:
    """Figures of all that was measured so far; comes after cells, at most about once a second, and at every end."""

    snapshot: SweepSnapshot


@dataclass(frozen=True, slots=True)
class SweepFinished:
    """``sweep``: all of it; ``snapshot``: what follows from it."""

    sweep: Sweep
    snapshot: SweepSnapshot


@dataclass(frozen=True, slots=True)
class SweepFailed:
    """The sweep ended early; both are None where it had not started. As ``RunFailed`` otherwise."""

    sweep: Sweep | None
    snapshot: SweepSnapshot | None
    message: str
    hint: str
    exit_code: int

    @property
    def was_cancelled(self) -> bool:
        return self.exit_code == 130


SweepEvent = (
    SweepStarted
    | LoadStarted
    | LoadProgressed
    | ModelLoaded
    | ModelUnloaded
    | UnitRead
    | UnitsDropped
    | CellScored
    | SpeedMeasured
    | VariantFailed
    | SweepTallied
    | SweepFinished
    | SweepFailed
)
