"""A sweep over the cockpit: its plot, its tables, its verdict, and how far it is. Shows what it is handed, of this
process, of the history, or of another process; what keys do stands in ``sweep_actions``. Imports numpy."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from quanttui.records.history import StoredSweep
from quanttui.text import safe_line
from quanttui.tui.key_table import COMMANDS
from quanttui.tui.screens.sweep_actions import SweepActions
from quanttui.tui.services import Services
from quanttui.tui.state.pages import layout_class
from quanttui.tui.state.run_lines import when_words
from quanttui.tui.state.status import Status, Tone
from quanttui.tui.state.sweep_fits import fits_now
from quanttui.tui.state.sweep_look import SweepLook
from quanttui.tui.state.sweep_status import sweep_status
from quanttui.tui.state.sweep_view import SweepView
from quanttui.tui.sweep_messages import SweepLookRequested
from quanttui.tui.sweeping_keys import FOOTER_CUT_OFF, FOOTER_SWEEPING, FOOTER_SWEPT
from quanttui.tui.widgets.footer_lines import FooterLines
from quanttui.tui.widgets.notice import Notice
from quanttui.tui.widgets.sweep_figures import SweepFigures
from quanttui.tui.widgets.sweep_heat import SweepHeat
from quanttui.tui.widgets.sweep_plot import SweepPlot
from quanttui.tui.widgets.sweep_progress import SweepProgressLines
from quanttui.tui.widgets.sweep_table import SweepTable
from quanttui.tui.widgets.sweep_tabs import PAGES, SweepHead, SweepTabs
from quanttui.tui.widgets.sweep_verdict import SweepVerdictPane
from quanttui.variants import default_reference

_SAID_SECONDS = 8.0


class SweepScreen(SweepActions):
    """``stored``: what the history had when it was opened from there; of one that another process works on, what came
    since is looked up once a second."""

    AUTO_FOCUS = "#sweep-plot"
    ALLOW_IN_MAXIMIZED_VIEW = ".-textual-system,#sweep-head,#footer"

    def __init__(self, view: SweepView, services: Services, stored: StoredSweep | None = None) -> None:
        super().__init__()
        self.view, self.services, self.stored = view, services, stored
        self.look = SweepLook()
        self.page = "plot"
        self.said: Status | None = None
        self._is_stale = False

    def compose(self) -> ComposeResult:
        yield SweepHead()
        yield SweepTabs()
        yield SweepProgressLines()
        yield Notice()
        with Container(id="sweep-body"):
            with Container(id="sweep-main"):
                yield SweepPlot()
                yield SweepTable()
            with Container(id="sweep-aside"):
                yield SweepVerdictPane()
                yield SweepHeat()
        yield FooterLines()

    def on_mount(self) -> None:
        self.lay_out()
        self.set_interval(1.0, self._tick)

    def on_resize(self, event: events.Resize) -> None:
        """The focus stays where it is, on whatever page that is now."""
        focused = self.focused.id if self.focused is not None else None
        self.page = next((page for page in PAGES if focused == f"sweep-{page}"), self.page)
        self.lay_out()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.paint_footer()

    def lay_out(self) -> None:
        """All panes at once, or on a small terminal a page."""
        layout = layout_class(self.size.width, self.size.height)
        for name in ("narrow", "wide", "huge"):
            self.set_class(name == layout, f"-{name}")
        self.show_page(self.page)
        self.paint()

    def show_page(self, page: str) -> None:
        self.page = page
        for name in PAGES:
            self.set_class(name == page, f"-page-{name}")
        self.query_one(SweepTabs).show(page)

    def show(self, view: SweepView) -> None:
        if not self.shows(view) or view is self.view:
            return
        self.view = view
        self.said = None
        if view.line is None:
            self.stored = None
        if view.is_over:
            self.paint()
        elif not self._is_stale:
            self._is_stale = True
            self.set_timer(self.services.link.paint_interval_seconds, self.paint)

    def judge_fits(self) -> None:
        if self._has_panes:
            self._paint_figures()

    @property
    def _has_panes(self) -> bool:
        """Memory may be read before they are there, and a terminal may change its size when they are there no more."""
        going = not self.app.is_running or not self.display  # the parts go one after the other, the inner ones first
        return self.is_mounted and not going and bool(self.query(SweepVerdictPane)) and bool(self.query(FooterLines))

    @on(SweepLookRequested)
    def look_requested(self, message: SweepLookRequested) -> None:
        self.look = message.look
        self._paint_figures()

    def say(self, words: str, tone: Tone = Tone.QUIET) -> None:
        """For a while; then the status stands there again. ``words`` may be raw."""
        self.said = said = Status(safe_line(words), tone)
        self.paint_footer()
        self.set_timer(_SAID_SECONDS, partial(self._hush, said))

    def _hush(self, said: Status) -> None:
        if self.said is said:
            self.said = None
            self.paint_footer()

    def paint(self) -> None:
        if not self._has_panes:
            return
        self._is_stale = False
        self._paint_head()
        self._paint_figures()
        self._paint_progress()
        self.paint_footer()

    def paint_footer(self) -> None:
        if not self._has_panes:
            return
        footer = self.query_one(FooterLines)
        footer.show_status(self.said or sweep_status(self.view, self.now, self.keys))
        footer.show_keys([(self.keys.all(name), self._label(name)) for name in self._footer()])

    @property
    def now(self) -> float:
        return self.services.clock()

    def _footer(self) -> tuple[str, ...]:
        view = self.view
        if view.is_over:
            return FOOTER_SWEPT if view.is_done else FOOTER_CUT_OFF
        return FOOTER_SWEPT if view.is_elsewhere else FOOTER_SWEEPING

    def _label(self, name: str) -> str:
        return COMMANDS[name].label

    def _paint_head(self) -> None:
        view, snapshot = self.view, self.view.snapshot
        asked = view.request
        foreseen = asked.reference or default_reference(asked.model.dtype, self.device)
        reference = snapshot.result.reference if snapshot is not None else foreseen
        stored = f"stored, of {when_words(view.line.started_seconds)}" if view.line is not None else ""
        read = snapshot.read if snapshot is not None and view.is_over else None
        self.query_one(SweepHead).show(view.request, read, safe_line(reference.spelling), stored)

    def _paint_figures(self) -> None:
        """Nothing measured yet: a notice says what is waited for, or what went wrong."""
        snapshot = self.view.snapshot
        self.set_class(snapshot is None, "-untold")
        if snapshot is None:
            self._tell_wait()
            return
        self.query_one(Notice).hush()
        fits = fits_now(snapshot, self.reading, self.device)
        for figures in self.query(SweepFigures):
            figures.show(snapshot, self.look, fits)
        self.query_one(SweepVerdictPane).show(snapshot)

    def _tell_wait(self) -> None:
        end, notice = self.view.end, self.query_one(Notice)
        if end is None:
            body = "The first figures come with the first candidate; they are marked as far from sure, and get surer."
            notice.say("The sweep begins", body, f"{self.keys['sweep_back']} stops it.", tone="busy")
        elif end.was_cancelled:
            notice.say("Stopped before anything was measured", tone="warning")
        else:
            notice.say(end.message, hint=end.hint, tone="bad")

    def _paint_progress(self) -> None:
        progress, snapshot = self.view.progress_at(self.now), self.view.snapshot
        if snapshot is not None and progress is not None:
            self.query_one(SweepProgressLines).show(replace(snapshot, progress=progress))

    def _tick(self) -> None:
        """What goes on with the clock alone."""
        if self._has_panes and not self.view.is_over:
            self._paint_progress()
            self.paint_footer()
            self.look_for_news()

    def pane_of(self, page: str) -> Widget:
        panes = {"plot": SweepPlot, "table": SweepTable, "heat": SweepHeat, "verdict": SweepVerdictPane}
        return self.query_one(panes.get(page, SweepProgressLines))
