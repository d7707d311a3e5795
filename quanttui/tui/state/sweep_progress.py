"""How far a sweep is, in words: cells, tokens, time, what goes on now, and each variant. Pure text, safe to show."""

from __future__ import annotations

from dataclasses import dataclass

from quanttui.records import Variant
from quanttui.records.sweep_run import SweepProgress, SweepSnapshot
from quanttui.runs.words import counted, is_less_read
from quanttui.tui.state.sweep_rows import is_whole
from quanttui.tui.visible import visible_run
from quanttui.units import format_count, format_seconds


@dataclass(frozen=True, slots=True)
class VariantStep:
    """``sign``: ✓ done, ✗ failed, ◑ at work or begun, · waiting. ``words``: how far, where that is not all or none;
    ``units``: the same as a count."""

    sign: str
    name: str
    words: str
    share: float
    units: str


@dataclass(frozen=True, slots=True)
class ProgressWords:
    """``share`` None: how much there is to do is not known yet. ``figures``: the most wanted first."""

    share: float | None
    figures: tuple[str, ...]
    now: str
    is_over: bool
    steps: tuple[VariantStep, ...]


def progress_words(snapshot: SweepSnapshot) -> ProgressWords:
    progress = snapshot.progress
    failed = {swept.variant for swept in snapshot.result.variants if swept.failure is not None}
    steps = tuple(_step(each.variant, each.done, each.total, progress, failed) for each in progress.by_variant)
    share = progress.cells_done / progress.cells_total if progress.cells_total else None
    return ProgressWords(share, _figures(progress), _now(snapshot), not progress.stage, steps)


def _figures(progress: SweepProgress) -> tuple[str, ...]:
    left = progress.remaining_seconds
    return (
        f"{progress.cells_done:,} of {progress.cells_total:,} cells",
        f"{format_seconds(progress.elapsed_seconds)} elapsed",
        *([f"about {format_seconds(left)} left"] if left is not None and progress.stage else []),
        f"{format_count(progress.tokens_done)} of {format_count(progress.tokens_total)} tokens",
    )


def _now(snapshot: SweepSnapshot) -> str:
    progress = snapshot.progress
    if snapshot.failure is not None:
        return f"✗ ended early: {visible_run(snapshot.failure)}"
    if not progress.stage:
        return f"✓ done{_read(snapshot)}" if is_whole(snapshot) else "· stopped: what is missing can be resumed"
    return visible_run(f"◑ {progress.stage}" + (f" · {progress.variant}" if progress.variant else ""))


def _read(snapshot: SweepSnapshot) -> str:
    """`` · read: 16 of 80 prompts, 4 windows``, where that is less than what was asked for."""
    request, read = snapshot.request, snapshot.read
    if read is None or not is_less_read(request, read):
        return ""
    prompts = f"{read.prompts:,} of {counted(len(request.prompts), 'prompt')}" if request.prompts else ""
    windows = counted(read.windows, "window") if request.texts else ""
    return f" · read: {', '.join(filter(None, (prompts, windows)))}"


def _step(variant: Variant, done: int, total: int, progress: SweepProgress, failed: set[Variant]) -> VariantStep:
    share = done / total if total else 0.0
    sign, words = _state(variant, share, progress, failed)
    return VariantStep(sign, visible_run(variant.spelling), words, share, f"{done:,} of {total:,}")


def _state(variant: Variant, share: float, progress: SweepProgress, failed: set[Variant]) -> tuple[str, str]:
    if variant in failed:
        return "✗", "failed"
    if share >= 1:
        return "✓", ""
    if share > 0 or variant == progress.variant:
        return "◑", f"{int(100 * share)} %"
    return "·", ""
