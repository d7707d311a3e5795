"""What the status line says: the one thing that runs, how far it is, how to stop it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from quanttui.text import safe_line
from quanttui.tui.key_table import DEFAULT_KEYS, KeyNames
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.variant_view import Stage, VariantView
from quanttui.tui.state.waiting import Wait


class Tone(StrEnum):
    QUIET = "quiet"
    BUSY = "busy"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Status:
    """``text`` is safe to show. ``share`` of the step is made, None where that is not known. ``more``: what follows as
    far as there is room, the most wanted first."""

    text: str
    tone: Tone = Tone.QUIET
    share: float | None = None
    more: tuple[str, ...] = ()


CHANGED = "choices changed"
WARMING_UP = "engine warming up"
NO_WAIT = Wait()
GLYPHS = {Tone.QUIET: "○", Tone.BUSY: "●", Tone.GOOD: "✓", Tone.WARNING: "!", Tone.BAD: "✗"}


def warm_up_status(wait: Wait) -> Status:
    """No run yet: the engine gets ready."""
    return Status(WARMING_UP, Tone.BUSY, more=(*wait.words(), "its libraries are being imported"))


def run_status(
    run: RunView, keys: KeyNames = DEFAULT_KEYS, *, choices_changed: bool = False, wait: Wait = NO_WAIT
) -> Status:
    """What ``run`` is doing and for how long, or how it ended; ``choices_changed``: what it shows is not what is
    chosen now."""
    changed = f"{CHANGED}: {keys['run']} runs them" if choices_changed else ""
    if run.failure is not None:
        return _failed(run, changed, f"{keys['run']} runs again")
    if run.is_over:
        news = f"{changed} · " if changed else ""
        together = ", measured side by side" if run.is_parallel else ""
        return Status(f"done{together} · {news}{_result(run)}", Tone.GOOD)
    if run.stopping:
        return Status("stopping after this step", Tone.WARNING)
    working = _working_on(run)
    return replace(working, more=(*wait.words(), *_plan_words(run), f"{keys['back']} stops"))


def divergence_words(view: VariantView, reference: VariantView | None) -> str:
    """The first divergence in words; "" as long as nothing can be said."""
    if view.output is None or reference is None:
        return ""
    if view.first_divergence is None:
        return f"identical, all {len(view.tokens)} tokens"
    return f"parts at token {view.first_divergence + 1} of {max(len(view.tokens), view.first_divergence + 1)}"


def _failed(run: RunView, changed: str, again: str) -> Status:
    assert run.failure is not None
    if run.failure.was_cancelled:
        return Status(f"stopped · what was made is kept · {changed or again}", Tone.WARNING)
    news = f" · {changed}" if changed else ""
    return Status(f"failed: {safe_line(run.failure.message)}{news}", Tone.BAD)


def _result(run: RunView) -> str:
    return ", ".join(
        f"{safe_line(view.variant.spelling)} {divergence_words(view, run.reference)}" for view in run.candidates
    )


def _plan_words(run: RunView) -> tuple[str, ...]:
    """Which plan, and why, where there was a choice."""
    plan = "side by side" if run.is_parallel else "one model at a time"
    return (f"{plan}: {safe_line(run.plan_reason)}",) if run.plan_reason else ()


def _working_on(run: RunView) -> Status:
    """What goes on; of several models at once, each in a few words and with no share of the whole."""
    if run.is_parallel and run.at_work:
        return Status(" · ".join(_working(view).text for view in run.at_work), Tone.BUSY)
    return _working(run.current) if run.current is not None else Status(WARMING_UP, Tone.BUSY)


def _working(view: VariantView) -> Status:
    name = safe_line(view.variant.spelling)
    share = min(1.0, view.done / view.total) if view.total else None
    count = f" {view.done}/{view.total}" if view.total else ""
    match view.stage:
        case Stage.LOADING:
            return Status(f"loading {name}{count} {_unit(view)}", Tone.BUSY, share)
        case Stage.GENERATING if not view.tokens:
            return Status(f"{name} reads the prompt", Tone.BUSY)
        case Stage.GENERATING:
            return Status(f"generating {name}{count} tokens", Tone.BUSY, share)
        case Stage.SCORING:
            return Status(f"scoring {name}{count} tokens", Tone.BUSY, share)
        case _:
            return Status(f"preparing {name}", Tone.BUSY)


def _unit(view: VariantView) -> str:
    return "weights" if view.stage_label == "loading weights" else safe_line(view.stage_label)
