"""The figures of every variant of a sweep, a row each. Shows rows, posts which variant or order is wanted."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Size

from quanttui.records.sweep_run import SweepSnapshot
from quanttui.tui.bindings import bindings_of
from quanttui.tui.state.sweep_look import SweepOrder
from quanttui.tui.state.sweep_rows import SweepRows
from quanttui.tui.state.sweep_selected import selected_words
from quanttui.tui.state.sweep_table import TableRow, table_rows
from quanttui.tui.sweep_keys import SWEEP_FIGURE_COMMANDS
from quanttui.tui.widgets.sweep_facts import fact_lines
from quanttui.tui.widgets.sweep_figures import SweepFigures
from quanttui.tui.widgets.sweep_table_text import head_line, lay_table, row_line


class SweepTable(SweepFigures, can_focus=True):
    """``show(snapshot, look, fits)`` paints it; its keys post ``SweepLookRequested``. Id: ``sweep-table``."""

    ALLOW_MAXIMIZE = True
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(SWEEP_FIGURE_COMMANDS)
    DEFAULT_CSS = "SweepTable { height: auto; }"

    def __init__(self) -> None:
        super().__init__(id="sweep-table", classes="pane")
        self._table: list[TableRow] = []

    def repaint_figures(self, rows: SweepRows, snapshot: SweepSnapshot) -> None:
        before, self._table = self._table, table_rows(rows)
        order = self.look.measure.value if self.look.order is SweepOrder.DIVERGENCE else self.look.order.value
        self.border_title = Content("Every variant" + (f", on the {rows.part.value}" if rows.parts else ""))
        self.border_subtitle = Content(f"by {order} · ± one standard error")
        self.refresh(layout=len(before) != len(self._table))

    def render(self) -> Content:
        """The head stays; of more rows than there is room for, those about the selected one. What room is left tells
        more of that one."""
        width, room = self.content_size.width, max(1, self.content_size.height - 1)
        if self.rows is None or self.snapshot is None:
            return Content("")
        layout = lay_table(self._table, width)
        at = next((at for at, row in enumerate(self._table) if row.is_selected), 0)
        first = max(0, min(at - room // 2, len(self._table) - room))
        lines = [row_line(row, layout, width) for row in self._table[first : first + room]]
        words = selected_words(self.rows, self.snapshot.result)
        if words is not None and room > len(lines) + 1:
            lines += [Content(""), *fact_lines(words, words.facts, width)]
        return Content("\n").join([head_line(layout, self.rows.memory_words).truncate(width), *lines[:room]])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._table) + 1
