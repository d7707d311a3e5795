"""The Pareto plot of a sweep: memory against divergence, and the numbers of the selected variant beside it or below.
Imports numpy: to be imported after the first frame."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from quanttui.records import FitVerdict
from quanttui.records.sweep_run import SweepSnapshot
from quanttui.tui.bindings import bindings_of
from quanttui.tui.state.sweep_look import Measure
from quanttui.tui.state.sweep_plot import Kind, kind_of, plot_view
from quanttui.tui.state.sweep_rows import SweepRows
from quanttui.tui.state.sweep_selected import Fact, SelectedWords, selected_words
from quanttui.tui.sweep_keys import SWEEP_FIGURE_COMMANDS
from quanttui.tui.visible import fit, visible_run
from quanttui.tui.widgets.steady_text import SteadyText
from quanttui.tui.widgets.summary_line import VERDICT_STYLES
from quanttui.tui.widgets.sweep_canvas import SweepCanvas
from quanttui.tui.widgets.sweep_figures import SweepFigures

_BESIDE_FROM_CELLS = 100
_KINDS = {
    Kind.RECOMMENDED: "★ recommended",
    Kind.FRONTIER: "◆ frontier",
    Kind.BEATEN: "◇ beaten",
    Kind.REFERENCE: "● reference",
}
_FITS = {FitVerdict.FITS: "✓ fits", FitVerdict.TIGHT: "! tight", FitVerdict.DOES_NOT_FIT: "✗ no"}


class SweepPlot(SweepFigures, can_focus=True):
    """``show(snapshot, look, fits)`` paints it; its keys post ``SweepLookRequested``. Id: ``sweep-plot``."""

    ALLOW_MAXIMIZE = True
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(SWEEP_FIGURE_COMMANDS)
    DEFAULT_CSS = """
    SweepPlot {
        layout: vertical;
        height: 1fr;
        & > #sweep-plot-main { height: 1fr; }
        & SweepCanvas { height: 1fr; min-height: 8; }
        & .sweep-failures { max-height: 3; padding: 0 1; }
        & #sweep-plot-legend { height: 1; color: $muted; }
        & > #sweep-plot-numbers { height: auto; max-height: 7; padding: 0 1; }
        &.-wide { layout: horizontal; }
        &.-wide > #sweep-plot-main { width: 1fr; }
        &.-wide > #sweep-plot-numbers { width: 40; height: 1fr; max-height: 100%; padding: 1 0 0 2; }
        &.-empty SweepCanvas, &.-empty #sweep-plot-numbers, &.-empty #sweep-plot-legend { display: none; }
        &.-sound .sweep-failures { display: none; }
        & #sweep-plot-note { display: none; padding: 1 2; color: $muted; }
        &.-empty #sweep-plot-note { display: block; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="sweep-plot", classes="pane -empty")

    def compose(self) -> ComposeResult:
        with Vertical(id="sweep-plot-main"):
            yield Static("", markup=False, id="sweep-plot-note")
            yield SweepCanvas()
            yield SteadyText(classes="sweep-failures")
            yield Static("", markup=False, id="sweep-plot-legend")
        with VerticalScroll(id="sweep-plot-numbers", can_focus=False):
            yield SteadyText(classes="sweep-facts")

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= _BESIDE_FROM_CELLS, "-wide")
        self.call_after_refresh(self._paint_words)

    def repaint_figures(self, rows: SweepRows, snapshot: SweepSnapshot) -> None:
        view = plot_view(rows, self.look.measure)
        measured = any(row.divergence is not None for row in rows.rows)
        self.set_class(not measured, "-empty")
        self.set_class(all(row.swept.failure is None for row in rows.rows), "-sound")
        self.border_title = Content(_heading(rows, self.look.measure))
        self.query_one("#sweep-plot-note", Static).update(Content(_note(snapshot)))
        self.query_one(SweepCanvas).show(view)
        self.query_one(".sweep-failures", SteadyText).show(_failures(rows))
        self._paint_words()

    def _paint_words(self) -> None:
        if self.rows is None or self.snapshot is None:
            return
        legend = self.query_one("#sweep-plot-legend", Static)
        legend.update(Content(_legend(self.rows, legend.content_size.width)))
        words = selected_words(self.rows, self.snapshot.result)
        text = self.query_one(".sweep-facts", SteadyText)
        width = text.content_size.width or 36
        if words is not None:
            text.show(_column(words, width) if self.has_class("-wide") else _flow(words, width))


def _heading(rows: SweepRows, measure: Measure) -> str:
    words = measure.value
    return f"{words[0].upper()}{words[1:]} against {rows.memory_words}, on the {rows.part.value}"


def _failures(rows: SweepRows) -> Content:
    """What cannot stand on the plot, and why."""
    failed = [(row.name, row.swept.failure) for row in rows.rows if row.swept.failure is not None]
    return Content("\n").join(Content.assemble((f"✗ {name}: ", "$error"), visible_run(cause)) for name, cause in failed)


def _note(snapshot: SweepSnapshot) -> str:
    return "Nothing measured yet: points appear as variants are scored."


def _legend(rows: SweepRows, width: int) -> str:
    """The signs that are there, as wide apart as there is room for."""
    shown = [row for row in rows.rows if row.divergence is not None or row.is_reference]
    words = [text for kind, text in _KINDS.items() if any(kind_of(row) is kind for row in shown)]
    words.append("│ 95 %")
    words += [text for fits, text in _FITS.items() if any(row.fit is fits for row in shown)]
    words += ["… growing"] if any(row.is_growing for row in shown) else []
    words += ["≤ within the noise"] if rows.noise_nats else []
    lines = [(" " * gap).join(words[:stop]) for stop in (None, -1) for gap in (4, 3, 2, 1)]
    return next((line for line in lines if cell_len(line) <= width), fit(lines[-1], width))


def _title(words: SelectedWords) -> Content:
    return Content.assemble((words.title, "bold $primary"), (f"  {words.roles}" if words.roles else "", "$muted"))


def _column(words: SelectedWords, width: int) -> Content:
    """A fact a line, its value wrapped beside its name."""
    names = max(cell_len(fact.name) for fact in words.facts) + 2
    lines = [Content.styled(words.title, "bold $primary")]
    lines += [Content.styled(line.plain, "$muted") for line in Content(words.roles).wrap(max(1, width))]
    lines.append(Content(""))
    for fact in words.facts:
        first, *rest = Content(fact.value).wrap(max(8, width - names)) or [Content("")]
        lines.append(Content.assemble((fact.name.ljust(names), "$muted"), _value(fact, first, words)))
        lines += [Content.assemble(" " * names, _value(fact, line, words)) for line in rest]
    return Content("\n").join(lines)


def _flow(words: SelectedWords, width: int) -> Content:
    """Facts one after the other, as many on a line as fit."""
    lines = [_title(words)]
    line = Content("")
    for fact in words.facts:
        piece = Content.assemble((f"{fact.name} ", "$muted"), _value(fact, Content(fact.value), words))
        longer = Content.assemble(line, "   ", piece) if line else piece
        if longer.cell_length > width and line:
            lines.append(line)
            longer = piece
        line = longer
    return Content("\n").join([*lines, line])


def _value(fact: Fact, value: Content, words: SelectedWords) -> Content:
    if fact.name == "verdict" and words.level is not None:
        return value.stylize(VERDICT_STYLES[words.level])
    return value
