"""What the status lines say of a sweep: what goes on, how far it is, how it ended, and the next thing to do. Pure."""

from __future__ import annotations

from quanttui.records import SweepProgress, SweepSnapshot
from quanttui.text import safe_line
from quanttui.tui.key_table import DEFAULT_KEYS, KeyNames
from quanttui.tui.state import pace
from quanttui.tui.state.status import Status, Tone
from quanttui.tui.state.sweep_view import SweepView, left_words
from quanttui.units import format_seconds


def sweep_status(view: SweepView, now: float, keys: KeyNames = DEFAULT_KEYS) -> Status:
    """On the sweep's own screen."""
    if view.is_stopping:
        return Status("stopping after this cell · what was measured is kept", Tone.WARNING)
    if view.is_over:
        return _ended(view, keys)
    if view.is_elsewhere:
        words, share = _advance(view.progress_at(now))
        return Status(words, Tone.BUSY, share, more=("figures follow about once a second",))
    stops = f"{keys['sweep_back']} stops, {keys['sweep_close']} works on meanwhile"
    return _running(view, now, stops)


def sweep_status_afar(view: SweepView, now: float, keys: KeyNames = DEFAULT_KEYS) -> Status:
    """In the cockpit, while it goes on."""
    if view.is_stopping:
        return Status("the sweep stops after this cell", Tone.WARNING)
    running = _running(view, now, f"{keys['sweep']} shows it")
    return Status(f"sweep: {running.text}", running.tone, running.share, running.more)


def header_words(view: SweepView | None) -> str:
    """``sweep 31 %``, behind what is chosen."""
    if view is None or view.is_over:
        return ""
    progress = view.snapshot.progress if view.snapshot is not None else None
    return (
        f"sweep {100 * progress.cells_done / progress.cells_total:.0f} %"
        if progress and progress.cells_total
        else "sweep"
    )


def _running(view: SweepView, now: float, last: str) -> Status:
    progress = view.progress_at(now)
    if view.step or progress is None:
        done = f" · {_cells(progress)}" if progress is not None and progress.cells_total else ""
        return Status(f"{view.step or 'begins'}{done}", Tone.BUSY, view.share, more=(last,))
    words, share = _advance(progress)
    left = pace.left_words(progress.remaining_seconds) or pace.elapsed_words(progress.elapsed_seconds)
    return Status(words, Tone.BUSY, share, more=tuple(filter(None, (left, last))))


def _advance(progress: SweepProgress | None) -> tuple[str, float | None]:
    """What goes on and how far it is, in words and as a share of all cells."""
    if progress is None:
        return "it has told nothing yet", None
    share = progress.cells_done / progress.cells_total if progress.cells_total else None
    return " · ".join(filter(None, (_stage(progress), _cells(progress)))), share


def _stage(progress: SweepProgress) -> str:
    variant = safe_line(progress.variant.spelling) if progress.variant is not None else ""
    return " ".join(filter(None, (variant, safe_line(progress.stage))))


def _cells(progress: SweepProgress) -> str:
    return f"{progress.cells_done:,} of {progress.cells_total:,} cells"


def _ended(view: SweepView, keys: KeyNames) -> Status:
    end = view.end
    assert end is not None
    if end.is_whole:
        return Status(f"done · {_answer(view.snapshot)}", Tone.GOOD, more=(*_cost(view.snapshot), *_unkept(view)))
    left = left_words(view.snapshot)
    again = f"{keys['sweep_resume']} goes on with it" + (f" · {left}" if left else "")
    if end.was_cancelled:
        kept = safe_line(view.unkept) or "what was measured is kept"
        how = safe_line(end.message) if view.line is not None else "stopped"
        return Status(f"{how} · {kept}", Tone.WARNING, more=("" if view.unkept else again,))
    words = " · ".join(filter(None, (end.message, end.hint)))
    return Status(f"failed: {safe_line(words)}", Tone.BAD, more=(again,))


def _answer(snapshot: SweepSnapshot | None) -> str:
    verdict = snapshot.result.verdict if snapshot is not None else None
    if verdict is None:
        return "nothing was measured"
    if verdict.recommended is None:
        return "no variant keeps every limit"
    return f"recommended: {safe_line(verdict.recommended.spelling)}"


def _cost(snapshot: SweepSnapshot | None) -> tuple[str, ...]:
    if snapshot is None or not snapshot.progress.elapsed_seconds:
        return ()
    return (f"{snapshot.progress.cells_done:,} cells in {format_seconds(snapshot.progress.elapsed_seconds)}",)


def _unkept(view: SweepView) -> tuple[str, ...]:
    return (safe_line(view.unkept),) if view.unkept else ()
