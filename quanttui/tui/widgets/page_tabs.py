"""The line of panes on a small terminal: every pane with its number, those on screen standing out."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widgets import Static

from quanttui.tui.bindings import key_names
from quanttui.tui.messages import PageRequested
from quanttui.tui.state.pages import COMMAND_OF, NUMBERED, PAGE_OF, TAB_NAMES, Page, Pane


class PageTabs(Static):
    def __init__(self) -> None:
        super().__init__(markup=False, id="page-tabs")

    def show(self, page: Page) -> None:
        """One cell between two names, all seven in 78; those on screen stand out with a cell on either side."""
        parts, was_here = [], False
        for pane in NUMBERED:
            here = PAGE_OF[pane] is page
            parts.append(Content.styled(" ", "reverse" if here or was_here else ""))
            parts.append(Content.styled(self._label(pane), "reverse bold" if here else "$muted"))
            was_here = here
        parts.append(Content.styled(" ", "reverse" if was_here else ""))
        self.update(Content("").join(parts))

    def on_click(self, event: events.Click) -> None:
        end = 1
        for pane in NUMBERED:
            end += 1 + cell_len(self._label(pane))
            if event.x < end:
                self.post_message(PageRequested(pane))
                return

    def _label(self, pane: Pane) -> str:
        """The pane's name after the key that leads there."""
        return f"{key_names(self.app)[COMMAND_OF[pane]]} {TAB_NAMES[pane]}"
