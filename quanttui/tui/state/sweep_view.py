"""A sweep as the screen holds it: its latest figures, the step at hand, how it ended. Folds what its thread tells, or
what the history has of it; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from quanttui.records import SweepProgress, SweepRequest, SweepSnapshot, Variant
from quanttui.records.events import LoadProgressed, LoadStarted, ModelLoaded
from quanttui.records.history import RunLine, RunState, StoredSweep
from quanttui.records.sweep_events import SweepStarted, SweepTallied
from quanttui.text import safe_line
from quanttui.tui.state.sweep_news import SweepEnded, SweepNews

WARMING_UP = "the engine warms up"
ELSEWHERE = "at work in another process"


@dataclass(frozen=True, slots=True)
class SweepView:
    """``step``: what goes on since the last tally, safe to show, ``share`` of it done. ``told_at``: when the figures
    came, by the clock of the app. ``end`` None: it goes on. ``line``: of one that is shown out of the history."""

    request: SweepRequest
    snapshot: SweepSnapshot | None = None
    step: str = WARMING_UP
    share: float | None = None
    told_at: float = 0.0
    is_stopping: bool = False
    end: SweepEnded | None = None
    line: RunLine | None = None
    unkept: str = ""

    @property
    def run_id(self) -> str:
        return self.request.run_id

    @property
    def is_over(self) -> bool:
        return self.end is not None

    @property
    def is_elsewhere(self) -> bool:
        """Another process works on it."""
        return self.line is not None and not self.is_over

    @property
    def is_done(self) -> bool:
        return self.end is not None and self.end.is_whole

    def after(self, news: SweepNews, now: float) -> SweepView:
        match news:
            case SweepStarted():
                return replace(self, step="reads what it is given")
            case LoadStarted(variant=variant):
                return replace(self, step=f"loads {safe_line(variant.spelling)}", share=None)
            case LoadProgressed(variant=variant, progress=made):
                share = made.done / made.total if made.total else None
                return replace(self, step=f"loads {safe_line(variant.spelling)}: {safe_line(made.stage)}", share=share)
            case ModelLoaded(variant=variant):
                return replace(self, step=f"{safe_line(variant.spelling)} is loaded", share=None)
            case SweepTallied(snapshot=snapshot):
                return replace(self, snapshot=snapshot, step="", share=None, told_at=now)
            case SweepEnded():
                last = _without_cancelling(news.snapshot or self.snapshot, was_cancelled=news.was_cancelled)
                return replace(self, snapshot=last, step="", share=None, told_at=now, end=news, is_stopping=False)
        return self

    def progress_at(self, now: float) -> SweepProgress | None:
        """As it was told, with the time that has gone by since."""
        if self.snapshot is None or self.is_over or self.line is not None:
            return self.snapshot.progress if self.snapshot is not None else None
        told, since = self.snapshot.progress, max(0.0, now - self.told_at)
        left = None if told.remaining_seconds is None else max(0.0, told.remaining_seconds - since)
        return replace(told, elapsed_seconds=told.elapsed_seconds + since, remaining_seconds=left)


def stored_sweep_view(stored: StoredSweep, snapshot: SweepSnapshot, now_seconds: float) -> SweepView:
    """As the history has it ``now_seconds`` after the epoch."""
    line = stored.line
    was_cancelled = line.state in (RunState.CANCELLED, RunState.CUT_OFF)
    shown = _without_cancelling(
        replace(snapshot, progress=_progress(line, snapshot, now_seconds)), was_cancelled=was_cancelled
    )
    assert shown is not None
    return SweepView(stored.sweep.request, shown, step="", end=_end(stored, shown), line=line)


def _progress(line: RunLine, snapshot: SweepSnapshot, now_seconds: float) -> SweepProgress:
    """Figures do not tell how long it took, nor how much was planned beyond what the reference has read."""
    told = snapshot.progress
    planned = max(told.cells_total, line.sweep.cells_total if line.sweep is not None else 0)
    ended = now_seconds if line.state is RunState.RUNNING else line.ended_seconds or line.started_seconds
    progress = replace(told, cells_total=planned, elapsed_seconds=max(0.0, ended - line.started_seconds))
    if line.state is not RunState.RUNNING:
        return progress
    at = next((each.variant for each in told.by_variant if each.done < each.total), None)
    return replace(progress, stage=ELSEWHERE, variant=at)


def _without_cancelling(snapshot: SweepSnapshot | None, *, was_cancelled: bool) -> SweepSnapshot | None:
    """A sweep that the user stopped did not fail: what is missing can still come."""
    return replace(snapshot, failure=None) if snapshot is not None and was_cancelled else snapshot


def left_cells(snapshot: SweepSnapshot) -> list[tuple[Variant, int]]:
    """What a sweep that is taken up would still do, by variant; what failed is not tried again."""
    failed = {row.variant for row in snapshot.result.variants if row.failure is not None}
    return [
        (each.variant, each.total - each.done)
        for each in snapshot.progress.by_variant
        if each.done < each.total and each.variant not in failed
    ]


def left_words(snapshot: SweepSnapshot | None) -> str:
    """``120 cells are left: nf4 40, fp4 80``; "" where nothing is known of it."""
    if snapshot is None or not (left := left_cells(snapshot)):
        return ""
    count = sum(cells for _, cells in left)
    planned = snapshot.progress.cells_total - snapshot.progress.cells_done
    if planned > count:  # the reference has not read all of it yet
        return f"{planned:,} cells are left"
    names = ", ".join(f"{safe_line(variant.spelling)} {cells:,}" for variant, cells in left)
    return f"{count:,} cell{' is' if count == 1 else 's are'} left: {names}"


def _end(stored: StoredSweep, snapshot: SweepSnapshot) -> SweepEnded | None:
    line = stored.line
    match line.state:
        case RunState.RUNNING:
            return None
        case RunState.DONE:
            return SweepEnded(snapshot)
        case RunState.CANCELLED:
            return SweepEnded(snapshot, "it was stopped", stored.hint, was_cancelled=True)
        case RunState.CUT_OFF:
            return SweepEnded(snapshot, "it was cut off: its process is gone", was_cancelled=True)
        case RunState.FAILED:
            return SweepEnded(snapshot, line.failure or "it failed", stored.hint)
