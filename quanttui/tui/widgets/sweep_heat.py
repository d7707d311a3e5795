"""The heat table of a sweep: a row a variant, a column a category. Shows cells, posts which variant is wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Size

from quanttui.records.sweep_run import SweepSnapshot
from quanttui.tui.bindings import bindings_of
from quanttui.tui.state.sweep_heat import HeatTable, cell_words, heat_table
from quanttui.tui.state.sweep_look import Measure
from quanttui.tui.state.sweep_rows import SweepRows
from quanttui.tui.sweep_keys import SWEEP_FIGURE_COMMANDS
from quanttui.tui.widgets.sweep_figures import SweepFigures
from quanttui.tui.widgets.sweep_heat_text import head_line, lay_heat, row_line, tokens_line

_LEGENDS = (
    "▁▂▃▄▅▆▇█ near to far, logarithmic   ▲ farther, ▼ nearer than the suite's mean   ~ not shown to differ from it",
    "▁▂▃▄▅▆▇█ near to far (log)   ▲ farther ▼ nearer ~ like the suite's mean",
    "▁▂▃▄▅▆▇█ far   ▲ farther ▼ nearer ~ as the mean",
)
_NOTHING_YET = "Nothing measured yet: a row fills as its variant is scored."
_NO_ROW = "Rows say how far each variant is from the reference."
_EMPTY = HeatTable((), ())


class SweepHeat(SweepFigures, can_focus=True):
    """``show(snapshot, look, fits)`` paints it; up and down post ``SweepLookRequested`` with another variant, left and
    right go over the columns. Id: ``sweep-heat``."""

    ALLOW_MAXIMIZE = True
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(SWEEP_FIGURE_COMMANDS)
    DEFAULT_CSS = "SweepHeat { height: auto; }"

    def __init__(self) -> None:
        super().__init__(id="sweep-heat", classes="pane")
        self._table = _EMPTY
        self._column = 0

    def repaint_figures(self, rows: SweepRows, snapshot: SweepSnapshot) -> None:
        before, self._table = self._table, heat_table(rows, self.look.measure)
        self._column = max(0, min(self._column, len(self._table.columns) - 1))
        self.border_title = Content(f"{_title(self.look.measure)} by category")
        shape = (len(before.rows), len(before.columns))
        self.refresh(layout=shape != (len(self._table.rows), len(self._table.columns)))

    def render(self) -> Content:
        width = self.content_size.width
        if not self._table.columns:
            return Content.styled(_NOTHING_YET, "$muted")
        layout, shades = lay_heat(self._table, width, self._column), not self.app.current_theme.ansi
        head = head_line(self._table, layout, self._column if self.has_focus else None)
        lines = [head, tokens_line(self._table, layout)]
        for row in self._table.rows:
            cursor = self._column if self._is_selected(row.row.name) else None
            lines.append(row_line(row, self._table, layout, cursor, shades=shades, has_focus=self.has_focus))
        lines += [Content(""), *self._selected_words(width)]
        if self.content_size.height > len(lines):
            legend = next((line for line in _LEGENDS if cell_len(line) <= width), _LEGENDS[-1])
            lines.append(Content.styled(legend, "$muted"))
        return Content("\n").join(line.truncate(width, ellipsis=True) for line in lines)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._table.rows) + 5 if self._table.columns else 1

    def on_focus(self, event: events.Focus) -> None:
        self.refresh()

    def on_blur(self, event: events.Blur) -> None:
        self.refresh()

    def action_move(self, columns: int, rows: int) -> None:
        if rows:
            self._ask_for_row(rows)
        elif 0 <= self._column + columns < len(self._table.columns):
            self._column += columns
            self.refresh()

    def _ask_for_row(self, by: int) -> None:
        """From the selected candidate, or into the table where the reference is."""
        variants = [row.row.variant for row in self._table.rows]
        now = next((at for at, row in enumerate(self._table.rows) if self._is_selected(row.row.name)), None)
        if variants:
            at = 0 if now is None else max(0, min(len(variants) - 1, now + by))
            self.ask(replace(self.look, selected=variants[at]))

    def _is_selected(self, name: str) -> bool:
        return self.rows is not None and self.rows.selected is not None and self.rows.selected.name == name

    def _selected_words(self, width: int) -> list[Content]:
        row = next((row for row in self._table.rows if self._is_selected(row.row.name)), None)
        if row is None:
            return [Content.styled(_NO_ROW, "$muted")]
        words = cell_words(self._table, row, self._table.columns[self._column], self.look.measure)
        return Content(words).wrap(max(1, width))[:2]


def _title(measure: Measure) -> str:
    return measure.value[0].upper() + measure.value[1:]
