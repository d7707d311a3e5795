"""Over the cockpit: how each model of a run was loaded, and what the engine runs on. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from quanttui.tui.bindings import bindings_of, key_names
from quanttui.tui.key_table import KeyNames
from quanttui.tui.state.details import Section
from quanttui.tui.widget_keys import DETAILS_COMMANDS

_INDENT, _GAP = 2, 2
_LEAST_VALUE_CELLS = 16


class DetailsScreen(ModalScreen[None]):
    """``empty`` is said where there are no ``loads``; ``engine`` None: it is not known yet."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(DETAILS_COMMANDS)

    def __init__(self, loads: Sequence[Section], engine: Section | None, empty: str) -> None:
        super().__init__()
        self._loads, self._engine, self._empty = loads, engine, empty

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="details") as box:
            box.border_title = Content("Details")
            box.border_subtitle = Content(_hint(key_names(self.app)))
            if not self._loads:
                yield Static(Content.styled(self._empty, "$muted"), markup=False, id="details-empty")
            sections = [*self._loads, *([self._engine] if self._engine is not None else ())]
            column = value_column(sections)
            for section in sections:
                yield SectionView(section, column)

    def action_close(self) -> None:
        if self.is_current:  # not when closed by the key before
            self.dismiss(None)

    def action_scroll(self, name: str) -> None:
        getattr(self.query_one("#details"), f"action_{name}")()


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


def _hint(keys: KeyNames) -> str:
    return f"{keys['details_close']} closes · {keys['details_down']} {keys['details_up']} scroll"


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
