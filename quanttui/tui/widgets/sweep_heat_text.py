"""The heat table as lines in a given width: which columns fit, and how a cell looks. Content only."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from quanttui.tui.state.sweep_heat import LEVELS, HeatCell, HeatColumn, HeatRow, HeatTable
from quanttui.tui.visible import fit
from quanttui.units import format_count

_CURSOR, _RECOMMENDED = "▸", "★"
_LEAST_CELLS, _WIDEST_CELLS, _LONGEST_NAME = 9, 14, 20
USUAL, FARTHER, NEARER = "~", "▲", "▼"
_SHADES = (6, 10, 14, 19, 25, 32, 39, 46)
"""How much of the accent's colour stands behind each level, in percent; half of it behind a cell that says nothing of
its own. The glyph says the same."""


@dataclass(frozen=True, slots=True)
class HeatLayout:
    """``first`` to ``stop``: the columns that are shown."""

    name_cells: int
    column_cells: int
    first: int
    stop: int


def lay_heat(table: HeatTable, width: int, cursor: int) -> HeatLayout:
    """All columns where they fit; else those about the cursor's."""
    name = max([7, *(min(_LONGEST_NAME, cell_len(row.row.name)) for row in table.rows)])
    room = max(_LEAST_CELLS, width - name - 5)
    count = len(table.columns)
    shown = max(1, min(count, room // _LEAST_CELLS))
    first = max(0, min(cursor - shown // 2, count - shown))
    cells = min(_WIDEST_CELLS, room // shown) if shown else _LEAST_CELLS
    return HeatLayout(name, cells, first, first + shown)


def head_line(table: HeatTable, layout: HeatLayout, cursor: int | None) -> Content:
    """Names of the columns; ‹ and › where there are more."""
    lead = " " * (layout.name_cells + 3) + ("‹" if layout.first else " ")
    line = Content.styled(lead, "$muted")
    for at in range(layout.first, layout.stop):
        column = table.columns[at]
        style = "bold underline $foreground" if at == cursor else "$muted"
        line = Content.assemble(line, _head(column, layout.column_cells, style))
    return line + Content.styled("›" if layout.stop < len(table.columns) else " ", "$muted")


def tokens_line(table: HeatTable, layout: HeatLayout) -> Content:
    """How many tokens stand behind each column, the most that any variant has there."""
    line = " " * (layout.name_cells + 4)
    for column in table.columns[layout.first : layout.stop]:
        counts = [row.cells[column.key].tokens for row in table.rows if column.key in row.cells]
        line += f"{format_count(max(counts))} ".rjust(layout.column_cells)
    return Content.styled(f"  {'tokens':<{max(0, layout.name_cells + 2)}}{line[layout.name_cells + 4 :]}", "$muted")


def _head(column: HeatColumn, cells: int, style: str) -> Content:
    name = column.name if cell_len(column.name) <= cells - 2 else column.short
    name = fit(name, cells - 2) if cell_len(name) > cells - 2 else name
    return Content.assemble(" " * (cells - 1 - cell_len(name)), (name, style), " ")


def row_line(
    row: HeatRow, table: HeatTable, layout: HeatLayout, cursor: int | None, *, shades: bool, has_focus: bool = True
) -> Content:
    """``cursor``: the column, None where the cursor is on another row. ``shades``: colours behind the cells.
    ``has_focus``: the cell under the cursor stands out."""
    sign = _RECOMMENDED if row.row.is_recommended else " "
    lead = f"{_CURSOR if cursor is not None else ' '}{sign} {fit(row.row.name, layout.name_cells)} "
    line = Content.styled(lead, "bold" if cursor is not None else "")
    if row.row.swept.failure is not None:
        return Content.assemble(line, ("✗ failed", "$error"))
    for at in range(layout.first, layout.stop):
        cell = row.cells.get(table.columns[at].key)
        line += _cell(cell, layout.column_cells, is_cursor=has_focus and at == cursor, shades=shades)
    return line


def _cell(cell: HeatCell | None, cells: int, *, is_cursor: bool, shades: bool) -> Content:
    """``▅ 0.031 ▲``: how much, the number, and whether that is more than the variant's mean."""
    if cell is None:
        return Content.styled("· ".rjust(cells), "reverse" if is_cursor else "$muted")
    glyph = " " if cell.shade is None else LEVELS[cell.shade]
    sign = " " if cell.is_usual is None else USUAL if cell.is_usual else FARTHER if cell.is_farther else NEARER
    text = f" {glyph}{fit(cell.shown, max(1, cells - 3), from_end=True)}{sign}"
    if is_cursor:
        return Content.styled(text, "bold reverse")
    return Content.styled(text, _style(cell, shades=shades))


def _style(cell: HeatCell, *, shades: bool) -> str:
    if not shades or cell.shade is None:
        return "$muted" if cell.is_usual else "bold $foreground" if cell.is_usual is False else "$foreground"
    words = "bold $foreground" if cell.is_usual is False else "$foreground"
    return f"{words} on $accent {_SHADES[cell.shade] // (2 if cell.is_usual else 1)}%"
