"""The table of a sweep's figures as lines in a given width. Content only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from quanttui.tui.state.fit_view import MARKS
from quanttui.tui.state.sweep_table import TableRow
from quanttui.tui.visible import fit

_CURSOR = "▸"
_LONGEST_NAME, _WIDEST_GAP = 24, 3
CURSOR_STYLE = "$block-cursor-foreground on $block-cursor-background"


@dataclass(frozen=True, slots=True)
class Column:
    """``rank``: the order in which columns get room, 0 always."""

    name: str
    head: str
    cells: int
    rank: int
    is_left: bool = False


_COLUMNS = (
    Column("memory", "", 8, 0),
    Column("memory_ratio", "", 5, 5),
    Column("kl", "mean KL, nats", 14, 0),
    Column("noise", "× noise", 8, 2),
    Column("same", "same top", 12, 0),
    Column("ln", "ln ppl ratio", 16, 4),
    Column("speed", "tok/s", 11, 0),
    Column("speed_ratio", "", 5, 6),
    Column("fit", "fit now", 7, 0, is_left=True),
    Column("standing", "", 18, 1, is_left=True),
    Column("verdict", "verdict", 19, 7, is_left=True),
)


@dataclass(frozen=True, slots=True)
class TableLayout:
    columns: tuple[Column, ...]
    name_cells: int
    gap: int


def lay_table(rows: Sequence[TableRow], width: int) -> TableLayout:
    """As many columns as fit, those that a choice hangs on first."""
    name = max([7, *(min(_LONGEST_NAME, cell_len(row.name)) for row in rows)])
    columns: tuple[Column, ...] = ()
    for rank in range(max(column.rank for column in _COLUMNS) + 1):
        wider = tuple(column for column in _COLUMNS if column.rank <= rank)
        if columns and _cells(wider, name) > width:
            break
        columns = wider
    gap = 1 + max(0, width - _cells(columns, name)) // max(1, len(columns))
    return TableLayout(columns, name, min(_WIDEST_GAP, gap))


def _cells(columns: Sequence[Column], name: int) -> int:
    return 4 + name + sum(column.cells + 1 for column in columns)


def head_line(layout: TableLayout, memory_words: str) -> Content:
    heads = {"memory": memory_words.removesuffix(" memory")}
    cells = [(column, heads.get(column.name, column.head)) for column in layout.columns]
    return Content.styled(" " * (4 + layout.name_cells) + _line(cells, layout.gap), "$muted")


def row_line(row: TableRow, layout: TableLayout, width: int) -> Content:
    """The row under the cursor has a sign of its own; a failed one says why where its figures would stand."""
    lead = f"{_CURSOR if row.is_selected else ' '}{row.sign} {fit(row.name, layout.name_cells)} "
    line = Content.styled(lead, "bold" if row.is_selected or row.is_recommended else "")
    if row.failure is not None:
        line += Content.styled(" " * layout.gap + row.failure, "" if row.is_selected else "$error")
    else:
        cells = [(column, _text(row, column)) for column in layout.columns]
        for column, text in cells:
            line += Content.styled(_line([(column, text)], layout.gap), _style(row, column))
    line = line.truncate(width, ellipsis=True).pad_right(max(0, width - line.cell_length))
    return line.stylize(CURSOR_STYLE) if row.is_selected else line


def _text(row: TableRow, column: Column) -> str:
    return row.standing if column.name == "standing" else row.cells.get(column.name, "")


def _style(row: TableRow, column: Column) -> str:
    if row.is_selected:
        return ""
    if column.name == "fit" and row.fit is not None:
        return MARKS[row.fit][1]
    if column.name == "standing":
        return "bold $success" if row.is_recommended else "$muted"
    return "$muted" if column.name.endswith("_ratio") else ""


def _line(cells: Sequence[tuple[Column, str]], gap: int) -> str:
    """Figures flush right in their columns, words flush left."""
    parts = []
    for column, text in cells:
        space = " " * max(0, column.cells - cell_len(text))
        lead = " " * (1 if column.name.endswith("_ratio") else gap)
        shown = fit(text, column.cells) if cell_len(text) > column.cells else text
        parts.append(lead + (shown + space if column.is_left else space + shown))
    return "".join(parts)
