"""What is looked up of sweeps in the history, and tallied where it is read: both are work for its thread. Each look
takes a store and gives a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quanttui.records import SweepSnapshot
from quanttui.records.history import StoredSweep
from quanttui.tui.history_messages import RunToRepeat
from quanttui.tui.sweeping_messages import SweepLooked, SweepOpened, SweepToRepeat, SweepToResume

if TYPE_CHECKING:
    from quanttui.pipeline.sweep.tally import Tally
    from quanttui.runs.store import RunStore


def opened_sweep(store: RunStore, run_id: str) -> SweepOpened:
    from quanttui.pipeline.sweep.tally import Tally

    stored = store.read_sweep(run_id)
    return SweepOpened(stored, _tallied(Tally(), stored))


def looked_again(store: RunStore, tally: Tally, known: StoredSweep) -> SweepLooked:
    """What came since; cheap where nothing did."""
    newer = store.read_newer(known)
    return SweepLooked(newer, None if newer is None else _tallied(tally, newer))


def sweep_to_resume(store: RunStore, run_id: str) -> SweepToResume:
    from quanttui.pipeline.sweep.tally import Tally

    stored = store.read_resumable(run_id)
    return SweepToResume(stored.sweep, _tallied(Tally(), stored))


def sweep_to_repeat(store: RunStore, run_id: str) -> SweepToRepeat:
    return SweepToRepeat(store.read_sweep(run_id).sweep.request)


def run_to_repeat(store: RunStore, run_id: str) -> RunToRepeat:
    return RunToRepeat(store.read(run_id))


def _tallied(tally: Tally, stored: StoredSweep) -> SweepSnapshot:
    return tally.snapshot(stored.sweep)
