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


class SectionView(Widget):
    """A section, laid out for whatever width it is given; its values begin at ``column``."""

    DEFAULT_CSS = "SectionView { height: auto; }"

    def __init__(self, section: Section, column: int) -> None:
        super().__init__()
        self._section, self._column = section, column

    def render(self) -> Content:
        return section_content(self._section, self._column, self.content_size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return section_content(self._section, self._column, width).plain.count("\n") + 1


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
