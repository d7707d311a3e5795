"""The history over the cockpit: a filter, the runs that it finds, and a preview of one. What keys do to runs stands in
``history_actions``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input, Static

from quanttui.errors import UsageError
from quanttui.records.history import RunKind, RunLine
from quanttui.runs.filtering import HELP, RunFilter, parse_filter
from quanttui.text import safe_line
from quanttui.tui.history_access import HistoryAccess
from quanttui.tui.history_keys import FOOTER_HISTORY, FOOTER_MARKED
from quanttui.tui.history_messages import HistoryUnreadable, LinesCounted, LinesRead, RunRead
from quanttui.tui.key_table import COMMANDS
from quanttui.tui.screens.history_actions import HistoryActions
from quanttui.tui.state.pages import layout_class
from quanttui.tui.state.run_preview import preview_sections
from quanttui.tui.state.status import Status, Tone
from quanttui.tui.state.sweep_preview import sweep_sections
from quanttui.tui.widgets.fields import SafeInput
from quanttui.tui.widgets.footer_lines import FooterLines
from quanttui.tui.widgets.notice import Notice
from quanttui.tui.widgets.run_list import PAGE, RunList
from quanttui.tui.widgets.run_preview import RunPreview
from quanttui.tui.workers.history import HistoryDesk

if TYPE_CHECKING:
    from quanttui.runs.store import RunStore

_LOOK_AGAIN_SECONDS = 3.0
_REST_SECONDS = 0.08


@dataclass
class HistoryPlace:
    """Where the user was, for when the history is opened again."""

    filter: str = ""
    row: int = 0
    marked: tuple[str, ...] = ()


class HistoryScreen(HistoryActions, Screen[None]):
    """Asks for the page in view and no more; what comes late from an earlier question is dropped."""

    AUTO_FOCUS = "#runs"

    def __init__(self, access: HistoryAccess, place: HistoryPlace) -> None:
        super().__init__()
        self.access, self.place = access, place
        self.desk = HistoryDesk(access, self.post_message)
        self.total: int | None = None
        self.said: Status | None = None
        self._wanted = RunFilter()
        self._query = self._answered = 0
        self._row_to_find = place.row
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Static(markup=False, id="history-head")
        with Horizontal(id="filter-line"):
            yield Static(Content.assemble((f"{self.keys['history_filter']} ", "$muted"), "Filter "), markup=False)
            yield SafeInput(self.place.filter, placeholder=HELP, compact=True, id="filter", select_on_focus=False)
        yield Static(markup=False, id="filter-words")
        with Container(id="history-body"):
            with Vertical(id="history-list", classes="pane"):
                yield Notice()
                yield RunList()
            yield RunPreview()
        yield FooterLines()

    def on_mount(self) -> None:
        self.query_one("#history-list").border_title = Content("Runs, the newest first")
        self.lay_out()
        self.read_filter(self.place.filter)
        self.ask()
        self.set_interval(_LOOK_AGAIN_SECONDS, self.look_again)

    def on_resize(self, event: events.Resize) -> None:
        self.lay_out()

    def lay_out(self) -> None:
        """The preview beneath the list or beside it; on a small terminal in its place."""
        layout = layout_class(self.size.width, self.size.height)
        for name in ("narrow", "wide", "huge"):
            self.set_class(name == layout, f"-{name}")
        self.paint()

    def read_filter(self, text: str) -> bool:
        """Whether ``text`` is a filter; one that is not finished leaves the last, and is told beside it."""
        self.place.filter = text
        try:
            self._wanted = parse_filter(text, self.access.now())
        except UsageError as error:
            self._tell_filter(f"not yet: {error.message} · {error.hint}")
            return False
        self._tell_filter("")
        return True

    def ask(self) -> None:
        """Another question: its first page, then how many there are."""
        self._query += 1
        query, wanted = self._query, self._wanted

        def count(store: RunStore) -> LinesCounted:
            return LinesCounted(query, store.count(wanted))

        self.ask_page(self._row_to_find // PAGE)
        self.desk.ask(count, HistoryUnreadable, lambda: query == self._query)

    def ask_from(self, row: int) -> None:
        """The same question again, with the cursor on ``row``."""
        self._row_to_find = row
        self.ask()

    def ask_page(self, page: int) -> None:
        query, wanted = self._query, self._wanted

        def read(store: RunStore) -> LinesRead:
            return LinesRead(query, page, store.lines(wanted, PAGE, page * PAGE))

        self.desk.ask(read, HistoryUnreadable, lambda: query == self._query)

    def look_again(self) -> None:
        """Runs come and go, also by other processes."""
        query, wanted = self._query, self._wanted
        for page in self.query_one(RunList).visible_pages:
            self.ask_page(page)
        self.desk.ask(
            lambda store: LinesCounted(query, store.count(wanted)), HistoryUnreadable, lambda: query == self._query
        )

    @on(LinesRead)
    def lines_read(self, message: LinesRead) -> None:
        if message.query != self._query:
            return
        runs = self.query_one(RunList)
        runs.put(message.page, message.lines, is_first_answer=self._answered != self._query)
        if self._answered != self._query:
            self._answered = self._query
            runs.go_to(self._row_to_find)
            self._row_to_find = 0
        if (line := runs.highlighted) is not None and line.kind is RunKind.SWEEP:
            self._preview(line)  # it may have grown
        self.paint()

    @on(LinesCounted)
    def lines_counted(self, message: LinesCounted) -> None:
        if message.query == self._query:
            self.total = message.total
            self.query_one(RunList).set_total(message.total)
            self.paint()

    @on(HistoryUnreadable)
    def unreadable(self, message: HistoryUnreadable) -> None:
        self._notice(message.problem.message, message.problem.hint, "bad")

    @on(RunList.PageWanted)
    def page_wanted(self, message: RunList.PageWanted) -> None:
        self.ask_page(message.page)

    @on(RunList.Highlighted)
    def run_highlighted(self, message: RunList.Highlighted) -> None:
        line, self.place.row = message.line, self.query_one(RunList).cursor
        if line is None:
            self.query_one(RunPreview).show(())
            return
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST_SECONDS, partial(self._preview, line))

    def _preview(self, line: RunLine) -> None:
        """Once the cursor rests: a key that repeats is not to wait for what it passes. A sweep is told by its line."""
        if line.kind is RunKind.SWEEP:
            if self._is_highlighted(line):
                keys, ours = self.keys, self.owner.main.sweep
                is_here = ours is not None and ours.run_id == line.run_id
                sections = sweep_sections(line, keys["history_open"], keys["sweep_resume"], is_here=is_here)
                self.query_one(RunPreview).show(sections)
            return
        self.desk.ask(
            lambda store: RunRead(store.read(line.run_id)), self.refused, lambda: self._is_highlighted(line)
        )  # fmt: skip

    @on(RunRead)
    def run_read(self, message: RunRead) -> None:
        if self._is_highlighted(message.stored.line):
            self.query_one(RunPreview).show(preview_sections(message.stored))

    @on(Input.Changed, "#filter")
    def filter_changed(self, event: Input.Changed) -> None:
        if event.value == self.place.filter:
            return
        if self.read_filter(event.value):
            self.query_one(RunList).ask_anew()
            self._row_to_find = 0
            self.ask()

    @on(Input.Submitted, "#filter")
    def filter_taken(self) -> None:
        self.query_one(RunList).focus()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.set_class(isinstance(self.focused, RunPreview), "-previewing")
        self.paint()

    def paint(self) -> None:
        if not self.is_mounted:
            return
        self.query_one(RunList).show_marks(frozenset(self.place.marked))
        self.query_one("#history-head", Static).update(self._head(), layout=False)
        footer = self.query_one(FooterLines)
        footer.show_status(self.said or Status(safe_line(self.access.off) or self._standing()))
        footer.show_keys([(self.keys.all(name), COMMANDS[name].label) for name in self._footer()])
        if self._answered:
            self._tell_emptiness()

    def say(self, words: str, tone: Tone = Tone.QUIET) -> None:
        self.said = Status(safe_line(words), tone)
        self.paint()

    def _head(self) -> Content:
        count = "" if self.total is None else f"{self.total:,} run{'' if self.total == 1 else 's'}"
        marked = f"  ◆ {len(self.place.marked)} marked" if self.place.marked else ""
        off = "  · runs of this session are not kept" if self.access.off else ""
        return Content.assemble(("History", "bold $primary"), f"   {count}", (marked, "$accent"), (off, "$warning"))

    def _standing(self) -> str:
        return "every run of this session is kept, as it happens"

    def _footer(self) -> tuple[str, ...]:
        return FOOTER_MARKED if self.place.marked else FOOTER_HISTORY

    def _tell_emptiness(self) -> None:
        notice = self.query_one(Notice)
        if self.query_one(RunList).highlighted is not None or self.total:
            notice.hush()
            self.query_one(RunList).display = True
        elif self.total == 0 and self.place.filter.strip():
            self._notice("no run is found", f"{self.keys['history_filter']} goes to the filter.")
        elif self.total == 0:
            self._notice("no run is kept yet", self.access.off or "Every run is kept from now on, as it happens.")

    def _notice(self, title: str, hint: str, tone: str = "quiet") -> None:
        """In place of the list, which keeps the focus: its keys are the screen's."""
        self.query_one(Notice).say(title, hint=hint, tone=tone)

    def _tell_filter(self, words: str) -> None:
        self.query_one("#filter-words", Static).update(Content(safe_line(words)))

    def _is_highlighted(self, line: RunLine) -> bool:
        highlighted = self.query_one(RunList).highlighted if self.is_mounted else None
        return highlighted is not None and highlighted.run_id == line.run_id
