"""Runs of the history in a line each: which columns there is room for, and what stands in them. Pure text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.cells import cell_len

from quanttui.records.history import RunKind, RunLine, RunState
from quanttui.tui.state.results import VERDICT_SIGNS
from quanttui.tui.visible import fit, visible_run
from quanttui.units import format_nats

STATE_GLYPHS = {
    RunState.RUNNING: "●",
    RunState.DONE: "✓",
    RunState.FAILED: "✗",
    RunState.CANCELLED: "◼",
    RunState.CUT_OFF: "◌",
}
_GAP = "  "
_DENSE_BELOW = 100
_STATE, _SHORT_TIME, _TIME = 11, 11, 16


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    cells: int


def lay_columns(width: int) -> tuple[Column, ...]:
    """State and time as they are, model and figures by their share, the prompt takes what is left. A narrow list has
    short times, and figures without the reference."""
    dense = width < _DENSE_BELOW
    when = _SHORT_TIME if dense else _TIME
    flexible = max(0, width - 2 - _STATE - when - 4 * len(_GAP))
    model = max(12, min(36, int(flexible * 0.2)))
    figures = max(24 if dense else 34, min(60, int(flexible * 0.4)))
    return (
        Column("state", _STATE),
        Column("began", when),
        Column("model", model),
        Column("candidates, KL mean" if dense else "reference → candidates, KL mean", figures),
        Column("prompt", max(0, flexible - model - figures)),
    )


def head_text(columns: Sequence[Column]) -> str:
    return "  " + _GAP.join(fit(column.name, column.cells) for column in columns)


def line_cells(line: RunLine, columns: Sequence[Column]) -> list[str]:
    """Each exactly as wide as its column, safe to show. Of a long model name its end is shown."""
    state, when, model, figures, prompt = (column.cells for column in columns)
    dense, name = when == _SHORT_TIME, visible_run(line.model_id)
    return [
        fit(state_words(line.state), state),
        fit(when_words(line.started_seconds, short=dense), when),
        fit(name, model, from_end=cell_len(name) > model),
        fit(figures_words(line, dense=dense), figures),
        fit(_asked(line), prompt),
    ]


def _asked(line: RunLine) -> str:
    """The prompt; of a sweep how far it is, and what it reads."""
    if line.kind is RunKind.SWEEP:
        far = f" {100 * line.sweep.cells_done // max(1, line.sweep.cells_total)} %" if line.sweep is not None else ""
        return visible_run(f"▦ sweep{far if line.state is not RunState.DONE else ''}: {line.prompt}")
    return visible_run(line.prompt if line.prompts == 1 else f"({line.prompts}) {line.prompt}")


def state_words(state: RunState) -> str:
    return f"{STATE_GLYPHS[state]} {state.value}"


def when_words(epoch_seconds: float, *, short: bool = False) -> str:
    """In this machine's zone: ``2026-11-21 19:05``, short ``11-21 19:05``."""
    return datetime.fromtimestamp(epoch_seconds).strftime("%m-%d %H:%M" if short else "%Y-%m-%d %H:%M")


def figures_words(line: RunLine, *, dense: bool = False) -> str:
    """``bf16 → int8 ≈ 0.0041  nf4 ≠ 0.12``: the verdict's sign and the mean divergence, where they were measured."""
    parts, space = [], "" if dense else " "
    for name in line.candidates:
        known = next((figure for figure in line.figures if figure.variant == name), None)
        figure = f" {VERDICT_SIGNS[known.verdict]}{space}{format_nats(known.kl_mean)}" if known else ""
        parts.append(f"{visible_run(name)}{figure}")
    return " ".join(parts) if dense else f"{visible_run(line.reference)} → {'  '.join(parts)}"
