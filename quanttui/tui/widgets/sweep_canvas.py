"""The plot itself: axes, points, error bars, frontier and names on textual-plot's canvas. Shows a PlotView, decides
nothing. Imports numpy: to be imported after the first frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Grid
from textual.strip import Strip
from textual_hires_canvas import Canvas
from textual_plot import HiResMode, PlotWidget
from textual_plot.axis_formatter import AxisFormatter
from textual_plot.plot_widget import Legend

from quanttui.tui.state.sweep_axis import Axis
from quanttui.tui.state.sweep_labels import Tag, apart, place_tags
from quanttui.tui.state.sweep_plot import AT_MOST, Kind, PlotPoint, PlotView
from quanttui.tui.visible import fit

_LONGEST_NAME = 24
_MARGIN_CELLS = 8
_STYLES = {
    Kind.RECOMMENDED: "sweep--recommended",
    Kind.FRONTIER: "sweep--frontier",
    Kind.BEATEN: "sweep--beaten",
    Kind.REFERENCE: "sweep--reference",
}


class _Labels(AxisFormatter):
    """The labels that an axis brings along."""

    def __init__(self, axis: Axis) -> None:
        self._labels = dict(axis.ticks)

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        return list(self._labels)

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        return [self._labels[tick] for tick in ticks]


class _Canvas(Canvas):
    """A line outside of the canvas, as before the first layout, comes without a style: filters, as NO_COLOR's, fail
    on it (textual-hires-canvas 0.14)."""

    def render_line(self, y: int) -> Strip:
        line = super().render_line(y)
        return line if line.cell_length else Strip([])


class SweepCanvas(PlotWidget, can_focus=False, inherit_bindings=False):
    """textual-plot draws axes and the frontier; dashed lines, error bars with open ends and names, which it does not
    have, are drawn over them on its canvas."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "sweep--recommended", "sweep--frontier", "sweep--beaten", "sweep--reference", "sweep--line", "sweep--bar",
        "sweep--floor", "sweep--selected",
    }  # fmt: skip
    DEFAULT_CSS = """
    SweepCanvas {
        & > .plot--axis { color: $border-quiet; }
        & > .plot--tick { color: $muted; text-style: none; }
        & > .plot--label { color: $muted; text-style: none; }
        & > .sweep--recommended { color: $success; text-style: bold; }
        & > .sweep--frontier { color: $primary; text-style: bold; }
        & > .sweep--beaten { color: $foreground; }
        & > .sweep--reference { color: $foreground; text-style: bold; }
        & > .sweep--line { color: $primary; }
        & > .sweep--bar { color: $muted; }
        & > .sweep--floor { color: $accent; }
        & > .sweep--selected {
            color: $block-cursor-foreground; background: $block-cursor-background; text-style: bold underline;
        }
    }
    """

    def __init__(self) -> None:
        super().__init__(allow_pan_and_zoom=False)
        self._view: PlotView | None = None

    def compose(self) -> ComposeResult:
        """As in PlotWidget, on canvases of our own."""
        with Grid():
            yield from (_Canvas(1, 1, id=name) for name in ("margin-top", "margin-left", "plot", "margin-bottom"))
        yield Legend(id="legend")

    def on_mount(self) -> None:
        super().on_mount()
        self.margin_top, self.margin_bottom, self.margin_left = 0, 1, _MARGIN_CELLS

    def notify_style_update(self) -> None:
        """The frontier is kept with its colour."""
        super().notify_style_update()
        if self._view is not None:
            view, self._view = self._view, None
            self.show(view)

    def show(self, view: PlotView) -> None:
        if view == self._view:
            return
        self._view = view
        self.clear()
        self.set_xlimits(view.x_axis.low, view.x_axis.high)
        self.set_ylimits(view.y_axis.low, view.y_axis.high)
        for axis, set_ticks, set_formatter in (
            (view.x_axis, self.set_xticks, self.set_x_formatter),
            (view.y_axis, self.set_yticks, self.set_y_formatter),
        ):
            set_ticks([tick for tick, _ in axis.ticks])
            set_formatter(_Labels(axis))
        if view.frontier:
            across, up = zip(*view.frontier, strict=True)
            self.plot(across, up, line_style=self._style("sweep--line"), hires_mode=HiResMode.BRAILLE)

    def _render_plot(self) -> None:
        super()._render_plot()
        canvas = self.query_one("#plot", Canvas)
        if self._view is None or not self._scale_rectangle.area:
            return
        with canvas.batch_refresh():
            _Drawing(self, canvas, self._view).draw()

    def _style(self, name: str) -> str:
        return str(self.get_component_rich_style(name))

    def styled(self, name: str) -> str:
        return self._style(name)


class _Drawing:
    """One painting of a view over the axes."""

    def __init__(self, plot: SweepCanvas, canvas: Canvas, view: PlotView) -> None:
        self._plot, self._canvas, self._view = plot, canvas, view
        area = plot._scale_rectangle
        self._left, self._top, self._right, self._bottom = area.x, area.y, area.right, area.bottom
        cells = [plot.get_pixel_from_coordinate(point.x, point.y) for point in view.points]
        self._cells = apart([self._inside(*cell) for cell in cells], area.right)

    def draw(self) -> None:
        taken = self._floor()
        for point, (x, y) in zip(self._view.points, self._cells, strict=True):
            taken += self._bar(point, x, y)
        self._names(taken)
        for point, cell in sorted(zip(self._view.points, self._cells, strict=True), key=lambda one: one[0].is_selected):
            self._put(*cell, self._glyph(point), self._look(point))

    def _inside(self, x: int, y: int) -> tuple[int, int]:
        return min(max(x, self._left), self._right - 1), min(max(y, self._top), self._bottom - 1)

    def _floor(self) -> list[tuple[int, int]]:
        """A dashed line with its words at the end, between what stands there already."""
        if self._view.floor is None:
            return []
        height, words = self._view.floor
        row = self._inside(0, self._plot.get_pixel_from_coordinate(self._view.x_axis.low, height)[1])[1]
        style = self._plot.styled("sweep--floor")
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
        style = self._plot.styled("sweep--bar")
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
        words = [_cut(point.label) for point, _ in ranked]
        cells = [*taken, *self._cells]
        tags = [
            Tag(x - self._left, y - self._top, cell_len(word)) for (_, (x, y)), word in zip(ranked, words, strict=True)
        ]
        blocked = [(x - self._left, y - self._top) for x, y in cells]
        places = place_tags(tags, self._right - self._left, self._bottom - self._top, blocked)
        for (point, _), word, place in zip(ranked, words, places, strict=True):
            if place is not None:
                self._write(place[0] + self._left - 1, place[1] + self._top, f" {word} ", self._look(point))

    def _glyph(self, point: PlotPoint) -> str:
        return point.kind.value

    def _look(self, point: PlotPoint) -> str:
        return self._plot.styled("sweep--selected" if point.is_selected else _STYLES[point.kind])

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


def _cut(label: str) -> str:
    if cell_len(label) <= _LONGEST_NAME:
        return label
    sign = f"{AT_MOST} " if label.startswith(AT_MOST) else ""
    name, _, end = label.removeprefix(sign).rpartition(" ")
    room = _LONGEST_NAME - cell_len(sign) - cell_len(end) - 1
    return f"{sign}{fit(name or end, room)} {end if name else ''}".rstrip()
