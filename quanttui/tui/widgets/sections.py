"""Sections of names and values in two columns, laid out for whatever width they are given. Fed by values."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from quanttui.tui.state.details import Section

_INDENT, _GAP = 2, 2
_LEAST_VALUE_CELLS = 16


class SectionsView(Widget):
    """Sections beneath each other, laid out for whatever width there is; their values begin in one column."""

    DEFAULT_CSS = "SectionsView { height: auto; margin: 0 0 1 0; }"

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self._sections: list[Section] = []

    def show(self, words: str, sections: list[Section]) -> None:
        """``words`` go before the sections, where there are any."""
        if (words, sections) != (self._words, self._sections):
            self._words, self._sections = words, sections
            self.refresh(layout=True)

    def render(self) -> Content:
        return self._content(self.content_size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self._content(width).plain.count("\n") + 1

    def _content(self, width: int) -> Content:
        column = value_column(self._sections)
        blocks = [section_content(section, column, width) for section in self._sections]
        words = [Content("\n").join(Content.styled(self._words, "$muted").wrap(max(1, width)))] if self._words else []
        return Content("\n\n").join([*words, *blocks])


def value_column(sections: Sequence[Section]) -> int:
    """Where the values begin, the same in all ``sections``."""
    return _INDENT + max((cell_len(name) for section in sections for name, _ in section.rows), default=0) + _GAP


def section_content(section: Section, column: int, width: int) -> Content:
    """Names and values in two columns, long values wrapped within theirs; where that is too narrow, beneath each
    other."""
    lines = [Content.assemble((section.title, "bold $primary"), (f"  {section.remark}", "$muted"))]
    for name, value in section.rows:
        lines += _row(name, value, column, width)
    for note in section.notes:
        lines += _hanging(Content.styled("  • ", "$accent"), note, width)
    return Content("\n").join(lines)


def _row(name: str, value: str, column: int, width: int) -> list[Content]:
    label = Content.styled(" " * _INDENT + name, "$muted")
    if width - column < _LEAST_VALUE_CELLS:
        return [label, *_hanging(Content(" " * 2 * _INDENT), value, width)]
    return _hanging(label.pad_right(column - label.cell_length), value, width)


def _hanging(lead: Content, text: str, width: int) -> list[Content]:
    """``text`` after ``lead``, its further lines flush with its first."""
    first, *rest = Content(text).wrap(max(1, width - lead.cell_length))
    indent = Content(" " * lead.cell_length)
    return [lead + first, *(indent + line for line in rest)]
