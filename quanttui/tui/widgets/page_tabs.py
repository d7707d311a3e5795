"""The line of panes on a small terminal: every pane with its number, those on screen standing out."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widgets import Static

from quanttui.tui.bindings import key_names
from quanttui.tui.messages import PageRequested
from quanttui.tui.state.pages import (
    COMMAND_OF,
    NUMBERED,
    PAGE_OF,
    SMALL_COLUMNS,
    SMALL_ROWS,
    TAB_NAMES,
    Page,
    Pane,
    is_small,
)


class PageTabs(Static):
    def __init__(self) -> None:
        super().__init__(markup=False, id="page-tabs")
        self._page = Page.SETUP

    def show(self, page: Page) -> None:
        self._page = page
        self._paint()

    def on_resize(self) -> None:
        self._paint()

    def _paint(self) -> None:
        """One cell between two names; those on screen stand out with a cell on either side."""
        parts, was_here = [], False
        for label, pane in self._labels():
            here = PAGE_OF[pane] is self._page
            parts.append(Content.styled(" ", "reverse" if here or was_here else ""))
            parts.append(Content.styled(label, "reverse bold" if here else "$muted"))
            was_here = here
        parts.append(Content.styled(" ", "reverse" if was_here else ""))
        line = Content("").join(parts)
        if is_small(*self.screen.size):
            line = _with_warning(line, self.size.width)
        self.update(line, layout=False)

    def _labels(self) -> list[tuple[str, Pane]]:
        """Each after the key that leads there; where not all names fit, keys alone, but for those on screen."""
        keys = key_names(self.app)
        full = [(f"{keys[COMMAND_OF[pane]]} {TAB_NAMES[pane]}", pane) for pane in NUMBERED]
        if sum(cell_len(label) + 1 for label, _ in full) < self.size.width:
            return full
        return [(label if PAGE_OF[pane] is self._page else label.split()[0], pane) for label, pane in full]

    def on_click(self, event: events.Click) -> None:
        end = 0
        for label, pane in self._labels():
            end += cell_len(label) + 1
            if event.x < end:
                self.post_message(PageRequested(pane))
                return


def _with_warning(line: Content, width: int) -> Content:
    """A small window says so, in as many words as there is room for."""
    made_for = f"small window: made for {SMALL_COLUMNS}×{SMALL_ROWS}"
    for words in (made_for, "small window"):
        space = width - line.cell_length - len(words) - 1
        if space >= 1:
            return Content.assemble(line, " " * space, (words, "$warning"))
    return line
