"""The Results pane: the reference and every candidate of the run, a row each. Shows rows; posts which one is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from quanttui.records import Variant
from quanttui.tui.bindings import bindings_of, key_names
from quanttui.tui.messages import CandidateRequested, PageRequested
from quanttui.tui.state.pages import Pane
from quanttui.tui.state.results import ResultRow
from quanttui.tui.widget_keys import RESULTS_COMMANDS
from quanttui.tui.widgets.results_text import head_lines, lay_table, row_lines


class ResultsTable(ScrollView, inherit_bindings=False):
    """Row 0 is the reference. The cursor follows the shown candidate; where it goes, the screen shows that one."""

    can_focus = True
    ALLOW_MAXIMIZE = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {"results--cursor", "results--cursor-blurred"}
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(RESULTS_COMMANDS)

    def __init__(self) -> None:
        super().__init__(id="results", classes="pane -empty")
        self._rows: list[ResultRow] = []
        self._variants: Sequence[Variant] = ()
        self._shown = -1
        self._cursor = 0
        self._head: list[Content] = []
        self._lines: list[Content] = []

    def on_mount(self) -> None:
        self.border_title = Content.assemble((f"{key_names(self.app)['results']} ", "$muted"), "Results")

    @property
    def on_reference(self) -> bool:
        """The cursor stands on the reference's row."""
        return self._cursor == 0

    def show(self, rows: Sequence[ResultRow], variants: Sequence[Variant], shown: int, note: str = "") -> None:
        """``variants``: those of the candidates, in the order of their rows; ``shown``: which of them is."""
        self._variants = variants
        if shown != self._shown or len(rows) != len(self._rows):
            self._shown, self._cursor = shown, shown + 1
        self.set_class(not rows, "-empty")
        if Content(note) != self.border_subtitle:
            self.border_subtitle = Content(note)
        grown = len(rows) != len(self._rows)
        self._rows = list(rows)
        self._paint()
        if grown:
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return (len(self._rows) + 1) * len(lay_table(self._rows, width).lines)

    def render_line(self, y: int) -> Strip:
        """The head stays; the rows scroll beneath it."""
        head = len(self._head)
        number = y - head + self.scroll_offset.y
        line = self._head[y] if y < head else self._lines[number] if number < len(self._lines) else Content("")
        style = self.visual_style
        if y >= head and number // max(1, head) == self._cursor:
            style = self.get_visual_style(f"results--cursor{'' if self.has_focus else '-blurred'}")
        return Visual.to_strips(self, line, self.size.width, 1, style, pad=True)[0]

    def watch_show_vertical_scrollbar(self) -> None:
        self._paint()

    def on_resize(self, event: events.Resize) -> None:
        self._paint()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is not None and at.y >= (lines_a_row := len(self._head) or 1):
            self._move_to((at.y + self.scroll_offset.y) // lines_a_row - 1)

    def action_move(self, by: int) -> None:
        self._move_to(self._cursor + by)

    def action_go(self, row: int) -> None:
        self._move_to(row % max(1, len(self._rows)))

    def action_open(self) -> None:
        """On to the output of the row."""
        self.post_message(PageRequested(Pane.REFERENCE if self.on_reference else Pane.CANDIDATE))

    def _move_to(self, row: int) -> None:
        if not 0 <= row < len(self._rows) or row == self._cursor:
            return
        self._cursor = row
        self._paint()
        if row > 0:
            self._shown = row - 1
            self.post_message(CandidateRequested(self._variants[row - 1]))

    def _paint(self) -> None:
        """Only lines that changed are sent."""
        width = self.scrollable_content_region.width
        layout = lay_table(self._rows, width)
        head = head_lines(layout, width)
        lines = [
            line
            for at, row in enumerate(self._rows)
            for line in row_lines(row, layout, width, at_cursor=at == self._cursor, is_shown=at == self._shown + 1)
        ]
        old, all_anew = self._lines, head != self._head or len(lines) != len(self._lines)
        self._head, self._lines = head, lines
        self.virtual_size = Size(width, len(head) + len(lines))
        if all_anew:
            self.refresh()
        else:
            self._refresh_changed(old)
        self._keep_cursor_in_view()

    def _refresh_changed(self, old: list[Content]) -> None:
        """Contents are equal when their texts are: how they look counts here too."""
        for at, (was, now) in enumerate(zip(old, self._lines, strict=True)):
            if (was.plain, was.spans) != (now.plain, now.spans):
                self.refresh_lines(at + len(self._head), 1)

    def _keep_cursor_in_view(self) -> None:
        height = len(self._head)
        if height:
            self.scroll_to_region(Region(0, self._cursor * height, 1, 2 * height), animate=False, force=True)
