"""The table of categories against variants: what stands in each cell, how dark it is, and whether it says anything.

Categories stay apart from the text, and each is held against its variant's own mean over the suite: a cell within the
error of that difference, corrected for the number of categories, tells nothing about the category and is marked ``~``.
Pure; knows no width and no colour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from quanttui.compare.statistics import SIGNIFICANCE
from quanttui.compare.student import student_quantile
from quanttui.records import DivergenceSummary
from quanttui.tui.state.sweep_look import Figure, Measure, figure_of
from quanttui.tui.state.sweep_rows import SweepRow, SweepRows
from quanttui.tui.visible import visible_run
from quanttui.units import NOT_AVAILABLE, format_nats, format_percent

TEXT, SUITE = "text", "suite"
LEVELS = "▁▂▃▄▅▆▇█"
_NORMAL = 10_000
_DECADES = 3
_LEAST = {Measure.KL: 1e-3, Measure.FLIPS: 0.01, Measure.PERPLEXITY: 1e-3}
"""What is darkest where nothing is larger."""
# A category's name where it has to be short.
_SHORT = {
    "arithmetic": "arith",
    "instruction": "instr",
    "dialogue": "dialog",
    "languages": "langs",
    "long-context": "long",
}


@dataclass(frozen=True, slots=True)
class HeatCell:
    """``shade``: the place in ``LEVELS``, None where the divergence is not above the noise or not above 0.
    ``is_usual``: not shown to differ from the variant's mean over the suite; None where it is not held against it."""

    shown: str
    figure: Figure
    tokens: int
    shade: int | None
    is_usual: bool | None
    is_farther: bool


@dataclass(frozen=True, slots=True)
class HeatColumn:
    """``name`` in full, safe to show; ``short``: at most six cells where that is possible."""

    key: str
    name: str
    short: str


@dataclass(frozen=True, slots=True)
class HeatRow:
    """``cells`` by the column's key; what has not been scored is not in it."""

    row: SweepRow
    cells: dict[str, HeatCell]


@dataclass(frozen=True, slots=True)
class HeatTable:
    columns: tuple[HeatColumn, ...]
    rows: tuple[HeatRow, ...]


def heat_table(rows: SweepRows, measure: Measure) -> HeatTable:
    """Candidates in the order of ``rows``; those that failed have no cell."""
    candidates = [row for row in rows.rows if not row.is_reference]
    found = {row.variant: _summaries(row) for row in candidates}
    keys = list(dict.fromkeys(key for summaries in found.values() for key in summaries))
    keys.sort(key=lambda key: (key != TEXT, key != SUITE))
    figures = [figure_of(each, measure) for summaries in found.values() for each in summaries.values()]
    values = [abs(figure.value) for figure in figures if figure.is_known]
    scale = _scale(
        [0.0, *values], max(_LEAST[measure], 100 * (rows.noise_nats or 0.0) if measure is Measure.KL else 0.0)
    )
    table = tuple(
        HeatRow(row, {key: _cell(key, found[row.variant], measure, scale) for key in found[row.variant]})
        for row in candidates
    )
    return HeatTable(tuple(HeatColumn(key, *_names(key)) for key in keys), table)


def _summaries(row: SweepRow) -> dict[str, DivergenceSummary]:
    """By column: the text, the suite, and each category as ``/name``, so that one called "text" is another."""
    found: dict[str, DivergenceSummary] = {}
    if row.swept.text is not None:
        found[TEXT] = row.swept.text
    if row.swept.suite is not None:
        found[SUITE] = row.swept.suite
    return found | {f"/{each.category}": each.divergence for each in row.swept.by_category}


def _names(key: str) -> tuple[str, str]:
    name = visible_run(key.removeprefix("/"))
    return name, _SHORT.get(name, name)


def _scale(values: list[float], least: float) -> tuple[float, float]:
    """Three decades in log10 that end at the largest, or at ``least``: what is small must not look dark."""
    high = math.log10(max(least, *values))
    return high - _DECADES, high


def _cell(key: str, summaries: dict[str, DivergenceSummary], measure: Measure, scale: tuple[float, float]) -> HeatCell:
    summary = summaries[key]
    figure = figure_of(summary, measure)
    pooled = summaries.get(SUITE)
    is_usual = None
    if pooled is not None and key.startswith("/") and figure.is_known:
        count = sum(each.startswith("/") for each in summaries)
        is_usual = _is_usual(figure, summary.tokens, figure_of(pooled, measure), pooled.tokens, count)
    return HeatCell(
        _shown(figure.value, measure),
        figure,
        summary.tokens,
        _shade(figure.value, summary.noise_floor.mean if measure is Measure.KL else 0.0, scale),
        is_usual,
        is_farther=pooled is not None and figure.value > figure_of(pooled, measure).value,
    )


def _is_usual(figure: Figure, tokens: int, pooled: Figure, all_tokens: int, categories: int) -> bool:
    """Whether a category's figure differs from the mean, of which it is itself the share w, by no more than its error:
    Var(c − mean) = (1 − w)² Var(c) + Var(mean) − w² Var(c), as categories are independent of each other. At 95 %,
    after Bonferroni's correction for all ``categories``."""
    if figure.error is None or pooled.error is None:
        return True
    share = min(1.0, tokens / all_tokens) if all_tokens else 1.0
    others = max(0.0, pooled.error**2 - (share * figure.error) ** 2)
    error = math.sqrt(((1 - share) * figure.error) ** 2 + others)
    return abs(figure.value - pooled.value) <= student_quantile(1 - SIGNIFICANCE / (2 * categories), _NORMAL) * error


def _shade(value: float, noise: float, scale: tuple[float, float]) -> int | None:
    if not math.isfinite(value):
        return len(LEVELS) - 1
    if abs(value) <= noise or value == 0:
        return None
    low, high = scale
    share = (math.log10(abs(value)) - low) / (high - low)
    return min(len(LEVELS) - 1, max(0, int(share * len(LEVELS))))


def _shown(value: float, measure: Measure) -> str:
    if not math.isfinite(value):
        return NOT_AVAILABLE
    match measure:
        case Measure.KL:
            return format_nats(value)
        case Measure.FLIPS:
            return format_percent(value).replace(" %", "%")
        case Measure.PERPLEXITY:
            return f"{value:+.3f}".replace("-", "−")


def cell_words(table: HeatTable, row: HeatRow, column: HeatColumn, measure: Measure) -> str:
    """The selected cell in a sentence."""
    cell = row.cells.get(column.key)
    where = f"{row.row.name} · {column.name}"
    if cell is None:
        return f"{where}: not measured"
    error = f" ± {_error(cell.figure.error, measure)}" if cell.figure.error is not None else ""
    unit = " nats" if measure is Measure.KL else ""
    words = f"{where}: {measure.value} {cell.shown}{error}{unit} over {cell.tokens:,} tokens"
    if cell.is_usual is None:
        return words
    if cell.is_usual:
        return f"{words} · ~ not shown to differ from the suite's mean"
    return f"{words} · {'▲ farther' if cell.is_farther else '▼ nearer'} than the suite's mean by more than its error"


def _error(error: float, measure: Measure) -> str:
    return f"{100 * error:.1f}%" if measure is Measure.FLIPS else format_nats(error)
