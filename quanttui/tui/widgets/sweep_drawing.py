"""What textual-plot does not draw: error bars with open ends, a dashed floor, and names beside points. Draws a view on
a canvas over its axes; knows no widget of ours."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len
from textual.geometry import Region
from textual_hires_canvas import Canvas
from textual_plot import PlotWidget

from quanttui.tui.state.sweep_labels import Tag, apart, place_tags
from quanttui.tui.state.sweep_plot import Kind, PlotPoint, PlotView

_STYLES = {
    Kind.RECOMMENDED: "sweep--recommended",
    Kind.FRONTIER: "sweep--frontier",
    Kind.BEATEN: "sweep--beaten",
    Kind.REFERENCE: "sweep--reference",
    Kind.UNRANKED: "sweep--beaten",
    Kind.FAILED: "sweep--beaten",
}


class Drawing:
    """One painting. ``area``: the cells inside the axes; ``styled``: a component class as Rich writes a style."""

    def __init__(
        self, plot: PlotWidget, canvas: Canvas, area: Region, styled: Callable[[str], str], view: PlotView
    ) -> None:
        self._plot, self._canvas, self._styled, self._view = plot, canvas, styled, view
        self._left, self._top, self._right, self._bottom = area.x, area.y, area.right, area.bottom
        cells = [plot.get_pixel_from_coordinate(point.x, point.y) for point in view.points]
        self._cells = apart([self._inside(*cell) for cell in cells], area.right)

    def draw(self) -> None:
        taken = self._floor()
        for point, (x, y) in zip(self._view.points, self._cells, strict=True):
            taken += self._bar(point, x, y)
        self._names(taken)
        for point, cell in sorted(zip(self._view.points, self._cells, strict=True), key=lambda one: one[0].is_selected):
            self._put(*cell, point.kind.value, self._look(point))

    def _inside(self, x: int, y: int) -> tuple[int, int]:
        return min(max(x, self._left), self._right - 1), min(max(y, self._top), self._bottom - 1)

    def _floor(self) -> list[tuple[int, int]]:
        """A dashed line with its words at the end, between what stands there already."""
        if self._view.floor is None:
            return []
        height, words = self._view.floor
        row = self._inside(0, self._plot.get_pixel_from_coordinate(self._view.x_axis.low, height)[1])[1]
        style = self._styled("sweep--floor")
        for x in range(self._left, self._right):
            if self._canvas.get_pixel(x, row)[0] == " ":
                self._put(x, row, "╌", style)
        start = self._free_start(row, len(words) + 2)
        self._write(start, row, f" {words} ", style)
        return [(x, row) for x in range(start, start + len(words) + 2)]

    def _free_start(self, row: int, cells: int) -> int:
        """The leftmost stretch of a row in which no point stands, else its left end."""
        points = {x for x, y in self._cells if y == row}
        starts = range(self._left + 1, self._right - cells)
        return next((at for at in starts if points.isdisjoint(range(at, at + cells))), self._left + 1)

    def _bar(self, point: PlotPoint, x: int, y: int) -> list[tuple[int, int]]:
        if point.low is None or point.high is None:
            return []
        style = self._styled("sweep--bar")
        _, top = self._plot.get_hires_pixel_from_coordinate(point.x, point.high)
        _, bottom = self._plot.get_hires_pixel_from_coordinate(point.x, point.low)
        cells = []
        for row in range(max(self._top, int(top)), min(self._bottom - 1, int(bottom)) + 1):
            begins_low, ends_high = top > row + 0.5, bottom < row + 0.5
            if row != y and not (begins_low and ends_high):
                self._put(x, row, "╷" if begins_low else "╵" if ends_high else "│", style)
                cells.append((x, row))
        return cells

    def _names(self, taken: list[tuple[int, int]]) -> None:
        """The selected one's stands before all, then the recommended one's, then the frontier's."""
        order = list(Kind)
        ranked = sorted(
            zip(self._view.points, self._cells, strict=True),
            key=lambda one: (not one[0].is_selected, order.index(one[0].kind), one[0].y),
        )
        tags = [Tag(x - self._left, y - self._top, cell_len(point.label)) for point, (x, y) in ranked]
        blocked = [(x - self._left, y - self._top) for x, y in (*taken, *self._cells)]
        places = place_tags(tags, self._right - self._left, self._bottom - self._top, blocked)
        for (point, _), place in zip(ranked, places, strict=True):
            if place is not None:
                self._write(place[0] + self._left - 1, place[1] + self._top, f" {point.label} ", self._look(point))

    def _look(self, point: PlotPoint) -> str:
        return self._styled("sweep--selected" if point.is_selected else _STYLES[point.kind])

    def _put(self, x: int, y: int, char: str, style: str) -> None:
        if self._left <= x < self._right and self._top <= y < self._bottom:
            self._canvas.set_pixel(x, y, char, style)

    def _write(self, x: int, y: int, word: str, style: str) -> None:
        """Cell by cell: the canvas would parse markup. A wide character takes its cell and empties the next."""
        for char in word:
            wide = cell_len(char)
            if wide:
                self._put(x, y, char, style)
            for more in range(1, wide):
                self._put(x + more, y, "", style)
            x += wide
