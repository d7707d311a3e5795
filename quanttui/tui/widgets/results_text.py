"""The results table as lines of text in a given width: columns that line up, one or two lines a variant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from quanttui.tui.state.results import ResultRow
from quanttui.tui.state.side_by_side import MARK
from quanttui.tui.visible import fit
from quanttui.tui.widgets.summary_line import VERDICT_STYLES

_CURSOR, _REFERENCE = "▸", "●"
_NAME_CELLS, _VERDICT_CELLS, _WIDEST_GAP = 18, 19, 4


@dataclass(frozen=True, slots=True)
class Column:
    """``cells``: the widest figure that is to be expected, so that columns stay where they are while figures come."""

    name: str
    head: str
    cells: int


COSTS = (
    Column("weights", "weights", 8),
    Column("weights_ratio", "", 5),
    Column("speed", "tok/s", 6),
    Column("speed_ratio", "", 5),
)
DIVERGENCE = (
    Column("parts", "parts at", 9),
    Column("kl", "mean KL, nats", 14),
    Column("noise", "× noise", 7),
    Column("same", "same top", 12),
)
# What one line a variant has besides, as far as the width goes.
MORE = (
    (Column("p99", "p99 KL", 7),),
    (Column("flips", "flips", 9),),
    (Column("peak", "peak", 8), Column("peak_ratio", "", 5)),
    (Column("load", "load", 7),),
    (Column("first", "1st token", 9),),
)


@dataclass(frozen=True, slots=True)
class TableLayout:
    """The columns of each line of a row, and the cells between two of them."""

    lines: tuple[tuple[Column, ...], ...]
    name_cells: int
    gap: int


def lay_table(rows: Sequence[ResultRow], width: int) -> TableLayout:
    """One line a variant where all fits, with more columns where there is room for them; two lines elsewhere."""
    name = max([3, *(min(_NAME_CELLS, cell_len(row.name)) for row in rows)])
    columns = (*COSTS, *DIVERGENCE)
    if _gap((columns,), name, width) < 1:
        lines = (COSTS, DIVERGENCE)
        return TableLayout(lines, name, max(1, _gap(lines, name, width)))
    for more in MORE:
        if _gap(((*columns, *more),), name, width) < 1:
            break
        columns = (*columns, *more)
    return TableLayout((columns,), name, _gap((columns,), name, width))


def _gap(lines: tuple[tuple[Column, ...], ...], name: int, width: int) -> int:
    """The cells between two columns; the verdict stands at the end of the first line, a ratio one cell away."""
    gaps = []
    for at, line in enumerate(lines):
        ratios = sum(_is_ratio(column) for column in line)
        verdict = _VERDICT_CELLS if at == 0 else 0
        room = width - 3 - name - verdict - ratios - sum(column.cells for column in line)
        gaps.append(room // (len(line) - ratios + (at == 0)))
    return min(_WIDEST_GAP, *gaps)


def _is_ratio(column: Column) -> bool:
    return column.name.endswith("_ratio")


def head_lines(layout: TableLayout, width: int) -> list[Content]:
    """What the columns are, one line for each line of a row."""
    heads = []
    for at, line in enumerate(layout.lines):
        cells = [(column, column.head) for column in line]
        start = " " * (3 + layout.name_cells)
        end = " " * layout.gap + "verdict" if at == 0 else ""
        text = start + _right(cells, layout.gap) + end
        heads.append(Content.styled(fit(text, width), "$muted"))
    return heads


def row_lines(row: ResultRow, layout: TableLayout, width: int, *, at_cursor: bool, is_shown: bool) -> list[Content]:
    """A variant's lines. The row under the cursor has a sign of its own, and so have the reference and the marked."""
    sign = _REFERENCE if row.is_reference else MARK if row.is_marked else " "
    lead = (_CURSOR if at_cursor else " ") + sign + " " + fit(row.name, layout.name_cells)
    bold = "bold" if is_shown or row.is_reference else ""
    lines = []
    for at, columns in enumerate(layout.lines):
        cells = [(column, row.cells.get(column.name, "")) for column in columns]
        start = lead if at == 0 else " " * cell_len(lead)
        parts = Content.assemble((start, bold), _right(cells, layout.gap))
        if at == 0:
            parts = Content.assemble(parts, " " * layout.gap, (row.verdict, _verdict_style(row)))
        lines.append(parts.truncate(width, ellipsis=True).pad_right(max(0, width - parts.cell_length)))
    return lines


def _right(cells: Sequence[tuple[Column, str]], gap: int) -> str:
    """Figures flush right in their columns; a ratio stands close to what it is the ratio of."""
    return "".join(
        " " * (1 if _is_ratio(column) else gap) + " " * max(0, column.cells - cell_len(text)) + text
        for column, text in cells
    )


def _verdict_style(row: ResultRow) -> str:
    if row.level is not None:
        return f"bold {VERDICT_STYLES[row.level]}"
    return "$muted" if row.is_reference or row.verdict.startswith("·") else "$primary"
