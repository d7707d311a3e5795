"""Figures one after the other on a line. Text only."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content

from quanttui.tui.state.variant_view import Figure

_GAP = 2


def figure_line(figures: Sequence[Figure], width: int) -> Content:
    """As many figures as ``width`` has room for, at least one."""
    line = Content("")
    for figure in figures:
        longer = Content.assemble(line, " " * _GAP, _figure(figure)) if line else _figure(figure)
        line = longer if not line or longer.cell_length <= width else line
    return line


def with_hint(rows: Content, hint: str, width: int) -> Content:
    """``rows`` with ``hint`` at the right end of the last one, where there is room for it."""
    space = width - cell_len(rows.plain.rpartition("\n")[2]) - cell_len(hint)
    return Content.assemble(rows, " " * space, (hint, "$muted")) if hint and space >= _GAP else rows


def _figure(figure: Figure) -> Content:
    name = (f"{figure.name} ", "$muted") if figure.name else ""
    return Content.assemble(name, figure.value, (f" {figure.ratio}", "$primary") if figure.ratio else "")
