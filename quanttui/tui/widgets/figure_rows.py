"""Figures in columns that line up between two panes of the same width. Text only."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content

from quanttui.tui.state.variant_view import Figure

_GAP = 2
_RATIO_CELLS = 5


def figure_rows(figures: Sequence[Figure], width: int) -> Content:
    """As many columns as ``width`` has room for. Room for a ratio is kept where there is none."""
    columns = next(n for n in range(len(figures), 0, -1) if n == 1 or _cells(figures, n) <= width)
    widths = _widths(figures, columns)
    rows = []
    for start in range(0, len(figures), columns):
        row = figures[start : start + columns]
        parts = [_padded(figure, cells) for figure, cells in zip(row, widths, strict=False)]
        rows.append(Content(" " * _GAP).join(parts).rstrip())
    return Content("\n").join(rows)


def with_hint(rows: Content, hint: str, width: int) -> Content:
    """``rows`` with ``hint`` at the right end of the last one, where there is room for it."""
    space = width - cell_len(rows.plain.rpartition("\n")[2]) - cell_len(hint)
    return Content.assemble(rows, " " * space, (hint, "$muted")) if hint and space >= _GAP else rows


def figure_line(figures: Sequence[Figure]) -> Content:
    """Figures one after the other, as in a title."""
    return Content("  ").join([_figure(figure) for figure in figures])


def _widths(figures: Sequence[Figure], columns: int) -> list[int]:
    """Of each column. A figure alone in the last row may be wider than its column."""
    alone = len(figures) % columns == 1 and len(figures) > columns
    counted = figures[:-1] if alone else figures
    return [max(_length(figure) for figure in counted[at::columns]) for at in range(min(columns, len(counted)))]


def _cells(figures: Sequence[Figure], columns: int) -> int:
    return sum(_widths(figures, columns)) + _GAP * (columns - 1)


def _length(figure: Figure) -> int:
    return len(f"{figure.name} {figure.value}".lstrip()) + 1 + max(_RATIO_CELLS, len(figure.ratio))


def _padded(figure: Figure, cells: int) -> Content:
    content = _figure(figure)
    return content.pad_right(max(0, cells - content.cell_length))


def _figure(figure: Figure) -> Content:
    name = (f"{figure.name} ", "$muted") if figure.name else ""
    return Content.assemble(name, figure.value, (f" {figure.ratio}", "$primary") if figure.ratio else "")
