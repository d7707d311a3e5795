"""The Pareto plot of a sweep: memory against divergence, and the numbers of the selected variant beside it or below.
Imports numpy: to be imported after the first frame."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from quanttui.records.sweep_run import SweepSnapshot
from quanttui.tui.bindings import bindings_of
from quanttui.tui.state.sweep_look import Measure
from quanttui.tui.state.sweep_plot import plot_view
from quanttui.tui.state.sweep_rows import SweepRows, has_figures
from quanttui.tui.state.sweep_selected import selected_words
from quanttui.tui.sweep_keys import SWEEP_FIGURE_COMMANDS
from quanttui.tui.visible import visible_run
from quanttui.tui.widgets.steady_text import SteadyText
from quanttui.tui.widgets.sweep_canvas import SweepCanvas
from quanttui.tui.widgets.sweep_facts import SweepFacts, SweepSigns
from quanttui.tui.widgets.sweep_figures import SweepFigures

_BESIDE_FROM_CELLS = 100
_SHORT_BELOW_LINES = 24
_NOTHING_YET = "Nothing measured yet: points appear as variants are scored."


class SweepPlot(SweepFigures, can_focus=True):
    """``show(snapshot, look, fits)`` paints it; its keys post ``SweepLookRequested``. Id: ``sweep-plot``."""

    ALLOW_MAXIMIZE = True
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(SWEEP_FIGURE_COMMANDS)
    DEFAULT_CSS = """
    SweepPlot {
        layout: vertical;
        height: 1fr;
        & > #sweep-plot-main { height: 1fr; }
        & SweepCanvas { height: 1fr; min-height: 6; }
        & SweepSigns { margin: 0 1; }
        & > #sweep-plot-numbers { height: auto; max-height: 8; padding: 0 1; }
        &.-short > #sweep-plot-numbers { max-height: 4; }
        &.-wide.-short > #sweep-plot-numbers { max-height: 100%; padding: 0 0 0 2; }
        &.-wide { layout: horizontal; }
        &.-wide > #sweep-plot-main { width: 1fr; }
        &.-wide > #sweep-plot-numbers { width: 40; height: 1fr; max-height: 100%; padding: 1 0 0 2; }
        & .sweep-failures { max-height: 3; padding: 0 1; }
        & #sweep-plot-note { display: none; padding: 1 2; color: $muted; }
        &.-sound .sweep-failures { display: none; }
        &.-empty SweepCanvas, &.-empty #sweep-plot-numbers, &.-empty SweepSigns { display: none; }
        &.-empty #sweep-plot-note { display: block; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="sweep-plot", classes="pane -empty")

    def compose(self) -> ComposeResult:
        with Vertical(id="sweep-plot-main"):
            yield Static(_NOTHING_YET, markup=False, id="sweep-plot-note")
            yield SweepCanvas()
            yield SteadyText(classes="sweep-failures")
            yield SweepSigns()
        with VerticalScroll(id="sweep-plot-numbers", can_focus=False):
            yield SweepFacts()

    def on_resize(self, event: events.Resize) -> None:
        wide, short = event.size.width >= _BESIDE_FROM_CELLS, event.size.height < _SHORT_BELOW_LINES
        self.set_class(wide, "-wide")
        self.set_class(short, "-short")
        self.query_one(SweepFacts).lay_out(column=wide, brief=short)

    def repaint_figures(self, rows: SweepRows, snapshot: SweepSnapshot) -> None:
        self.set_class(not has_figures(snapshot), "-empty")
        unplotted = _unplotted(rows, self.look.measure)
        self.set_class(not unplotted, "-sound")
        self.border_title = Content(_heading(rows, self.look.measure))
        self.query_one(SweepCanvas).show(plot_view(rows, self.look.measure))
        self.query_one(".sweep-failures", SteadyText).show(unplotted)
        self.query_one(SweepSigns).show(rows)
        self.query_one(SweepFacts).show(selected_words(rows, snapshot.result))


def _heading(rows: SweepRows, measure: Measure) -> str:
    words, on = measure.value, f", on the {rows.part.value}" if rows.parts else ""
    return f"{words[0].upper()}{words[1:]} against {rows.memory_words}{on}"


def _unplotted(rows: SweepRows, measure: Measure) -> Content:
    """What cannot stand on the plot, or not as it should, and why."""
    lines = []
    for row in rows.rows:
        figure = row.figure(measure)
        if row.swept.failure is not None:
            lines.append(Content.assemble((f"✗ {row.name}: ", "$error"), visible_run(row.swept.failure)))
        elif figure is not None and not figure.is_known:
            lines.append(Content.assemble((f"✗ {row.name}: ", "$error"), f"its {measure.value} is no number"))
    return Content("\n").join(lines)
