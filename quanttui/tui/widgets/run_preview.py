"""The preview beside the history's list: the highlighted run in sections, or why there is none. Fed by values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from quanttui.tui.bindings import bindings_of
from quanttui.tui.state.details import Section
from quanttui.tui.widget_keys import TEXT_COMMANDS
from quanttui.tui.widgets.sections import section_content, value_column


class RunPreview(VerticalScroll, inherit_bindings=False):
    can_focus = True
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(TEXT_COMMANDS)

    def __init__(self) -> None:
        super().__init__(id="run-preview", classes="pane")

    def compose(self) -> ComposeResult:
        yield SectionsView()

    def on_mount(self) -> None:
        self.border_title = Content("Preview")

    def show(self, sections: Sequence[Section]) -> None:
        self.query_one(SectionsView).show(sections)
        self.scroll_home(animate=False)


class SectionsView(Widget):
    """Sections one beneath the other, laid out for whatever width there is."""

    DEFAULT_CSS = "SectionsView { height: auto; }"

    def __init__(self, sections: Sequence[Section] = ()) -> None:
        super().__init__()
        self._sections = sections

    def show(self, sections: Sequence[Section]) -> None:
        self._sections = sections
        self.refresh(layout=True)

    def render(self) -> Content:
        return self._content(self.content_size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self._content(width).plain.count("\n") + 1

    def _content(self, width: int) -> Content:
        column = value_column(self._sections)
        return Content("\n\n").join([section_content(section, column, width) for section in self._sections])
