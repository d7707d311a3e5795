"""The plot itself: axes, points, error bars, frontier and names on textual-plot's canvas. Shows a PlotView, decides
nothing. Imports numpy: to be imported after the first frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Grid
from textual.strip import Strip
from textual_hires_canvas import Canvas
from textual_plot import HiResMode, PlotWidget
from textual_plot.axis_formatter import AxisFormatter
from textual_plot.plot_widget import Legend

from quanttui.tui.state.sweep_axis import Axis
from quanttui.tui.state.sweep_plot import PlotView
from quanttui.tui.widgets.sweep_drawing import Drawing

_MARGIN_CELLS = 8


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
            self.plot(across, up, line_style=self.styled("sweep--line"), hires_mode=HiResMode.BRAILLE)

    def _render_plot(self) -> None:
        super()._render_plot()
        canvas = self.query_one("#plot", Canvas)
        if self._view is None or not self._scale_rectangle.area:
            return
        with canvas.batch_refresh():
            Drawing(self, canvas, self._scale_rectangle, self.styled, self._view).draw()

    def styled(self, name: str) -> str:
        """A component class as Rich writes a style."""
        return str(self.get_component_rich_style(name))
