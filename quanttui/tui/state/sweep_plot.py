"""What stands on the plot of memory against divergence, in the units of its axes. Knows no cell, no colour, no widget.

A logarithmic axis has no 0. What lies at or below the noise floor, where it is no longer known how far it is, stands
on the floor's line, and what is 0 where no floor is known stands on the axis itself; both carry a ≤.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from rich.cells import cell_len

from quanttui.compare.frontier import Point, place
from quanttui.records import FitVerdict
from quanttui.tui.state.sweep_axis import Axis, linear_axis, log_axis, memory_axis, nats_label, share_label
from quanttui.tui.state.sweep_look import EXACT_ZERO, Figure, Measure
from quanttui.tui.state.sweep_rows import SweepRow, SweepRows
from quanttui.tui.visible import fit
from quanttui.units import format_nats

FIT_GLYPHS = {
    FitVerdict.FITS: "✓",
    FitVerdict.TIGHT: "!",
    FitVerdict.DOES_NOT_FIT: "✗",
    FitVerdict.UNSUPPORTED: "✗",
    FitVerdict.UNKNOWN: "?",
}
AT_MOST, GROWING = "≤", "…"
_LONGEST_NAME = 18


class Kind(Enum):
    """How a point stands; the value is its glyph. ``UNRANKED``: not scored yet on what ranks; ``FAILED``: what was
    measured before it did."""

    RECOMMENDED = "★"
    FRONTIER = "◆"
    BEATEN = "◇"
    REFERENCE = "●"
    UNRANKED = "○"
    FAILED = "×"


@dataclass(frozen=True, slots=True)
class PlotPoint:
    """``low`` to ``high``: its 95 % interval, None where its error is not known. ``fit``: a glyph, or ""."""

    row: SweepRow
    kind: Kind
    x: float
    y: float
    low: float | None
    high: float | None
    at_most: bool
    is_selected: bool

    @property
    def label(self) -> str:
        """``≤ int8 ✓``; a long name is cut."""
        name = self.row.name if cell_len(self.row.name) <= _LONGEST_NAME else fit(self.row.name, _LONGEST_NAME)
        mark = FIT_GLYPHS[self.row.fit] if self.row.fit else ""
        words = (AT_MOST if self.at_most else "", name, mark, GROWING if self.row.is_growing else "")
        return " ".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class PlotView:
    """``frontier``: the corners of its line, from the least memory to the most. ``floor``: the height of the noise
    floor, or of no difference, with its words."""

    x_axis: Axis
    y_axis: Axis
    points: tuple[PlotPoint, ...]
    frontier: tuple[tuple[float, float], ...]
    floor: tuple[float, str] | None


def plot_view(rows: SweepRows, measure: Measure) -> PlotView:
    shown = [row for row in rows.rows if row.memory_bytes is not None and _has_place(row, measure)]
    noise = rows.noise_nats if measure is Measure.KL else None
    y_axis = _y_axis(shown, measure, noise)
    points = tuple(_point(row, measure, noise, y_axis, row is rows.selected) for row in shown)
    x_axis = memory_axis([point.x for point in points])
    return PlotView(x_axis, y_axis, points, _corners(points, x_axis), _floor(measure, noise))


def _has_place(row: SweepRow, measure: Measure) -> bool:
    figure = row.figure(measure)
    return row.is_reference or (figure is not None and figure.is_known)


def _y_axis(rows: list[SweepRow], measure: Measure, noise: float | None) -> Axis:
    figures = [figure for row in rows if (figure := row.figure(measure)) is not None]
    if not measure.is_logarithmic:
        return linear_axis([end for figure in figures for end in (figure.low, figure.high)])
    floor = noise or 0.0
    label = nats_label if measure is Measure.KL else share_label
    return log_axis([floor, *(end for figure in figures for end in _positive_ends(figure, floor))], label)


def _positive_ends(figure: Figure, floor: float) -> tuple[float, float, float]:
    """An interval stretches the axis by a decade at most: it ends where the axis does."""
    low, high = max(figure.low, figure.value / 10), min(figure.high, 10 * figure.value)
    return max(low, floor), max(figure.value, floor), high


def _point(row: SweepRow, measure: Measure, noise: float | None, axis: Axis, is_selected: bool) -> PlotPoint:
    figure, floor = row.figure(measure) or EXACT_ZERO, noise or 0.0
    at_most = measure.is_logarithmic and figure.value <= floor and not (row.is_reference and noise)
    low, high = _interval(figure, floor if measure.is_logarithmic else None)
    return PlotPoint(
        row,
        kind_of(row),
        float(row.memory_bytes or 0),
        _height(max(figure.value, floor) if measure.is_logarithmic else figure.value, measure, axis),
        None if low is None else _height(low, measure, axis),
        None if high is None else _height(high, measure, axis),
        at_most,
        is_selected,
    )


def _interval(figure: Figure, floor: float | None) -> tuple[float | None, float | None]:
    """Of what stands on the floor only what rises above it is shown: below, nothing is known."""
    if not figure.error:
        return None, None
    if floor is None or figure.value > floor:
        return figure.low, figure.high
    return (floor, figure.high) if figure.high > floor else (None, None)


def _height(value: float, measure: Measure, axis: Axis) -> float:
    if not measure.is_logarithmic:
        return value
    return min(axis.high, max(axis.low, math.log10(value))) if value > 0 else axis.low


def kind_of(row: SweepRow) -> Kind:
    if row.is_recommended:
        return Kind.RECOMMENDED
    if row.is_reference:
        return Kind.REFERENCE
    if row.swept.failure is not None:
        return Kind.FAILED
    if row.on_frontier:
        return Kind.FRONTIER
    return Kind.UNRANKED if row.beaten_by is None else Kind.BEATEN


def _corners(points: tuple[PlotPoint, ...], axis: Axis) -> tuple[tuple[float, float], ...]:
    """Stairs: with so much memory no variant on the frontier comes nearer than this."""
    frontier = sorted((point for point in points if point.row.on_frontier), key=lambda point: (point.x, point.y))
    placed = place([Point(round(point.x), point.y, None) for point in frontier])
    line = [point for point, at in zip(frontier, placed, strict=True) if at.on_line]
    if not line:
        return ()
    corners = [(line[0].x, line[0].y)]
    for before, after in pairwise(line):
        corners += [(after.x, before.y), (after.x, after.y)]
    return (*corners, (axis.high, line[-1].y))


def _floor(measure: Measure, noise: float | None) -> tuple[float, str] | None:
    if measure is Measure.PERPLEXITY:
        return 0.0, "no difference"
    if not noise:
        return None
    return math.log10(noise), f"noise floor {format_nats(noise)}"
