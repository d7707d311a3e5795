"""The history's list: one line a run, read page by page as it comes into view. Shows lines; posts what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from quanttui.records.history import RunLine, RunState
from quanttui.tui.bindings import bindings_of
from quanttui.tui.history_keys import RUN_LIST_COMMANDS
from quanttui.tui.state.run_lines import Column, head_text, lay_columns, line_cells
from quanttui.tui.state.side_by_side import MARK

PAGE = 100
_HEAD = 1
_STYLES = {
    RunState.RUNNING: "$primary",
    RunState.DONE: "$success",
    RunState.FAILED: "$error",
    RunState.CANCELLED: "$warning",
    RunState.CUT_OFF: "$warning",
}


class RunList(ScrollView, inherit_bindings=False):
    """``ask_anew`` forgets what is known; pages and their number come in by ``put`` and ``set_total``. The cursor stays
    on its run where that moves."""

    can_focus = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {"results--cursor", "results--cursor-blurred"}
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(RUN_LIST_COMMANDS)

    @dataclass
    class PageWanted(Message):
        """A page came into view that is not known."""

        page: int

    @dataclass
    class Highlighted(Message):
        """The cursor stands on another run, or on none."""

        line: RunLine | None

    @dataclass
    class OpenRequested(Message):
        """A run was clicked that had the cursor already."""

    def __init__(self) -> None:
        super().__init__(id="runs")
        self._pages: dict[int, tuple[RunLine, ...]] = {}
        self._asked: set[int] = set()
        self._total = 0
        self._cursor = 0
        self._told: str | None = None
        self._marked: frozenset[str] = frozenset()
        self._columns: tuple[Column, ...] = ()

    @property
    def cursor(self) -> int:
        return self._cursor

    @property
    def highlighted(self) -> RunLine | None:
        return self.line_at(self._cursor)

    @property
    def visible_pages(self) -> range:
        first = self.scroll_offset.y
        return range(first // PAGE, (first + max(1, self.size.height)) // PAGE + 1)

    def line_at(self, row: int) -> RunLine | None:
        lines = self._pages.get(row // PAGE, ())
        return lines[row % PAGE] if 0 <= row < self._total and row % PAGE < len(lines) else None

    def ask_anew(self) -> None:
        """Another question: what was known of the last one stays in view until the first answer."""
        self._asked = {0}
        self._cursor, self._told = 0, None
        self.scroll_to(y=0, animate=False)

    def put(self, page: int, lines: tuple[RunLine, ...], *, is_first_answer: bool) -> None:
        if is_first_answer:
            self._pages = {}
        self._pages[page] = lines
        self._asked.add(page)
        self._total = max(self._total if not is_first_answer else 0, page * PAGE + len(lines))
        self._follow()
        self._paint()

    def set_total(self, total: int) -> None:
        if total != self._total:  # pages out of view are read again when they come into it
            self._pages = {page: lines for page, lines in self._pages.items() if page in self.visible_pages}
            self._asked = set(self._pages)
        self._total = total
        self._cursor = max(0, min(self._cursor, total - 1))
        self._paint()

    def show_marks(self, marked: frozenset[str]) -> None:
        self._marked = marked
        self.refresh()

    def go_to(self, row: int) -> None:
        """Where nothing scrolls, only the two lines that changed are painted."""
        before, offset = self._cursor, self.scroll_offset
        self._cursor = max(0, min(row, self._total - 1))
        self._keep_cursor_in_view()
        if self.scroll_offset != offset:
            self.refresh()
        else:
            for changed in (before, self._cursor):
                self.refresh_lines(changed + _HEAD - offset.y, 1)
        self._tell()

    def render_line(self, y: int) -> Strip:
        """The head stays; the runs scroll beneath it."""
        row = y - _HEAD + self.scroll_offset.y
        if y < _HEAD:
            return self._strip(Content.styled(head_text(self._columns), "$muted"))
        if row >= self._total:
            return self._strip(Content(""))
        line = self.line_at(row)
        if line is None:
            self._want(row // PAGE)
        at_cursor = row == self._cursor
        return self._strip(self._line_content(line), at_cursor=at_cursor)

    def on_resize(self, event: events.Resize) -> None:
        self._paint()

    def watch_show_vertical_scrollbar(self) -> None:
        self._paint()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is None or at.y < _HEAD:
            return
        row = at.y - _HEAD + self.scroll_offset.y
        if row == self._cursor and event.chain > 1:
            self.post_message(self.OpenRequested())
        elif row < self._total:
            self.go_to(row)

    def action_move(self, by: int) -> None:
        self.go_to(self._cursor + by)

    def action_move_page(self, by: int) -> None:
        self.go_to(self._cursor + by * max(1, self.size.height - _HEAD - 1))

    def action_go(self, row: int) -> None:
        self.go_to(row if row >= 0 else self._total - 1)

    def _want(self, page: int) -> None:
        if page not in self._asked:
            self._asked.add(page)
            self.post_message(self.PageWanted(page))

    def _follow(self) -> None:
        """New runs push the others down: the cursor goes with its run."""
        if self._told is None or ((line := self.highlighted) and line.run_id == self._told):
            return
        known = ((page * PAGE + at, line) for page, lines in self._pages.items() for at, line in enumerate(lines))
        self._cursor = next((row for row, line in known if line.run_id == self._told), self._cursor)

    def _paint(self) -> None:
        width = self.scrollable_content_region.width
        self._columns = lay_columns(width)
        self.virtual_size = Size(width, self._total + _HEAD)
        self._keep_cursor_in_view()
        self.refresh()
        self._tell()

    def _keep_cursor_in_view(self) -> None:
        self.scroll_to_region(Region(0, self._cursor, 1, 1 + _HEAD), animate=False, force=True)

    def _tell(self) -> None:
        line = self.highlighted
        if line is None and self._total:
            self._told = None
            self._want(self._cursor // PAGE)
        elif (line.run_id if line else None) != self._told:
            self._told = line.run_id if line else None
            self.post_message(self.Highlighted(line))

    def _line_content(self, line: RunLine | None) -> Content:
        if line is None:
            return Content.styled("  …", "$muted")
        state, *cells = line_cells(line, self._columns)
        mark = (f"{MARK} ", "bold $accent") if line.run_id in self._marked else "  "
        *middle, prompt = cells
        gap = "  "
        return Content.assemble(
            mark, (state, _STYLES[line.state]), gap, gap.join(middle), gap, (prompt, "$muted")
        )  # fmt: skip

    def _strip(self, content: Content, *, at_cursor: bool = False) -> Strip:
        style = self.visual_style
        if at_cursor:
            style = self.get_visual_style(f"results--cursor{'' if self.has_focus else '-blurred'}")
        return Visual.to_strips(self, content, self.size.width, 1, style, pad=True)[0]
