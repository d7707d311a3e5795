"""What is looked up of sweeps in the history, and tallied where it is read: both are work for its thread. Each look
takes a store and gives a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quanttui.errors import UsageError
from quanttui.records import SweepSnapshot
from quanttui.records.history import StoredSweep
from quanttui.runs.comparing import compare_runs
from quanttui.tui.history_messages import ExportPrepared, RunsCompared, RunToRepeat
from quanttui.tui.sweeping_messages import SweepLooked, SweepOpened, SweepToRepeat, SweepToResume

if TYPE_CHECKING:
    from quanttui.pipeline.sweep.tally import Tally
    from quanttui.runs.store import RunStore


def opened_sweep(store: RunStore, run_id: str) -> SweepOpened:
    stored = store.read_sweep(run_id)
    return SweepOpened(stored, opened(stored))


def looked_again(store: RunStore, tally: Tally, known: StoredSweep) -> SweepLooked:
    """What came since; cheap where nothing did."""
    newer = store.read_newer(known)
    return SweepLooked(newer, None if newer is None else tally.snapshot(newer.sweep))


def sweep_to_resume(store: RunStore, run_id: str) -> SweepToResume:
    stored = store.read_resumable(run_id)
    return SweepToResume(stored.sweep, opened(stored))


def sweep_to_repeat(store: RunStore, run_id: str) -> SweepToRepeat:
    return SweepToRepeat(store.read_sweep(run_id).sweep.request)


def compared(store: RunStore, first_id: str, second_id: str) -> RunsCompared:
    """Two runs, or two sweeps. Raises UsageError where it is one of each."""
    first, second = store.read_any(first_id), store.read_any(second_id)
    if isinstance(first, StoredSweep) and isinstance(second, StoredSweep):
        from quanttui.runs.comparing_sweeps import TalliedSweep, compare_sweeps

        one, two = (TalliedSweep(each, opened(each)) for each in (first, second))
        return RunsCompared(compare_sweeps(one, two), first, second)
    if isinstance(first, StoredSweep) or isinstance(second, StoredSweep):
        raise UsageError("a sweep and a single run cannot be held against each other", "Mark two of a kind.")
    return RunsCompared(compare_runs(first, second), first, second)


def of_one_kind(store: RunStore, run_ids: tuple[str, ...]) -> ExportPrepared:
    """Raises UsageError where runs and sweeps are among them."""
    kinds = {store.kind(run_id) for run_id in run_ids}
    if len(kinds) > 1:
        raise UsageError("runs and sweeps have formats of their own", "Mark runs, or sweeps.")
    return ExportPrepared(run_ids, kinds.pop())


def run_to_repeat(store: RunStore, run_id: str) -> RunToRepeat:
    return RunToRepeat(store.read(run_id))


def opened(stored: StoredSweep) -> SweepSnapshot:
    """The figures of all that it holds."""
    from quanttui.pipeline.sweep.tally import tally  # numpy behind it

    return tally(stored.sweep)
