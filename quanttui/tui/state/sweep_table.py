"""The figures of every variant of a sweep as texts by column. Pure; knows no width."""

from __future__ import annotations

from dataclasses import dataclass

from quanttui.records import FitVerdict
from quanttui.tui import measures
from quanttui.tui.state.fit_view import MARKS
from quanttui.tui.state.results import VERDICT_SIGNS, mean_kl, same_top
from quanttui.tui.state.sweep_plot import Kind, kind_of
from quanttui.tui.state.sweep_rows import SweepRow, SweepRows
from quanttui.tui.visible import visible_run
from quanttui.units import format_bytes, format_multiple

REFERENCE_WORDS = "reference"


@dataclass(frozen=True, slots=True)
class TableRow:
    """``cells``: a text by the name of its column; what is not in it is blank. ``failure``: stands in place of them.
    ``standing``: how it ranks, in words. All safe to show."""

    name: str
    sign: str
    cells: dict[str, str]
    standing: str
    fit: FitVerdict | None
    failure: str | None
    is_recommended: bool
    is_selected: bool


def table_rows(rows: SweepRows) -> list[TableRow]:
    base = next((row for row in rows.rows if row.is_reference), None)
    return [_row(row, base, rows) for row in rows.rows]


def _row(row: SweepRow, base: SweepRow | None, rows: SweepRows) -> TableRow:
    failure = None if row.swept.failure is None else f"✗ {visible_run(row.swept.failure)}"
    return TableRow(
        row.name,
        kind_of(row).value if row.divergence or row.is_reference else " ",
        _costs(row, base) | _divergence(row),
        _standing(row),
        row.fit,
        failure,
        row.is_recommended,
        is_selected=row is rows.selected,
    )


def _costs(row: SweepRow, base: SweepRow | None) -> dict[str, str]:
    swept = row.swept
    cells = {"memory": "" if row.memory_bytes is None else format_bytes(row.memory_bytes)}
    if swept.tokens_per_second is not None:
        error = swept.tokens_per_second_standard_error
        cells["speed"] = f"{swept.tokens_per_second:.1f}" + ("" if error is None else f" ±{error:.1f}")
        cells["speed"] += "*" if swept.speed_measured_on else ""
    if base is not None and not row.is_reference:
        cells["memory_ratio"] = measures.ratio(row.memory_bytes, base.memory_bytes)
        cells["speed_ratio"] = measures.ratio(swept.tokens_per_second, base.swept.tokens_per_second)
    if row.fit is not None:
        cells["fit"] = MARKS[row.fit][0]
    return cells


def _divergence(row: SweepRow) -> dict[str, str]:
    summary = row.divergence
    if summary is None:
        return {"kl": "0, itself"} if row.is_reference else {}
    error = summary.ln_perplexity_ratio_standard_error
    ratio = f"{summary.ln_perplexity_ratio:+.4f}".replace("-", "−")
    return {
        "kl": mean_kl(summary),
        "noise": format_multiple(summary.noise_multiple),
        "same": same_top(summary),
        "ln": ratio + ("" if error is None else f" ±{error:.4f}"),
        "verdict": f"{VERDICT_SIGNS[summary.verdict.level]} {summary.verdict.level.value}",
    }


def _standing(row: SweepRow) -> str:
    if row.swept.failure is not None:
        return ""
    if row.is_growing and row.total:
        return f"… {100 * row.done // row.total} %" if row.done else "· waiting"
    if row.is_recommended:
        return "recommended"
    if row.is_reference:
        return REFERENCE_WORDS
    if row.is_runner_up:
        return "runner-up"
    if row.beaten_by is not None:
        return f"beaten by {visible_run(row.beaten_by.spelling)}"
    return "frontier" if kind_of(row) is Kind.FRONTIER else ""
