"""The history in the cockpit: a stored run in place of the latest, running it again, and the way back. Owns which
run is shown; reads no store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from textual import on
from textual.screen import Screen

from quanttui.errors import QuantTuiError
from quanttui.records import ModelEntry, RunRequest
from quanttui.records.history import StoredRun
from quanttui.runs.export.privacy import Privacy
from quanttui.tui.history_messages import AgainPrepared, AgainRefused
from quanttui.tui.messages import Problem
from quanttui.tui.screens.export import ExportChoices, ExportScreen, ExportSource
from quanttui.tui.screens.history import HistoryPlace, HistoryScreen
from quanttui.tui.screens.output_painter import rest_at_first_difference
from quanttui.tui.state.pages import Page
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.side_by_side import Marks
from quanttui.tui.state.stored_view import StoredView, banner_words, repeated_words, stored_view
from quanttui.tui.widgets.stored_line import StoredLine
from quanttui.tui.workers.threads import start_thread

if TYPE_CHECKING:
    from quanttui.tui.screens.main import MainScreen


class KeepingActions(Screen[None]):
    """The part of ``MainScreen`` that the history talks to."""

    shown_stored: StoredView | None = None
    _latest: tuple[RunView | None, Marks] = (None, Marks())
    _place: HistoryPlace | None = None
    _export: ExportChoices | None = None

    @property
    def _keeper(self) -> MainScreen:
        return cast("MainScreen", self)

    def action_history(self) -> None:
        """The list of all runs; from a stored run, back to it."""
        me = self._keeper
        access = me.services.history
        if access is None:
            me.warn("there is no history here")
            return
        if isinstance(self.app.screen, HistoryScreen):
            return
        self.end_stored()
        if self._place is None:
            self._place = HistoryPlace()
        self.app.push_screen(HistoryScreen(access, self._place))

    def show_stored(self, stored: StoredRun, prompt: int = 0) -> None:
        """``stored`` as it was shown; what is chosen stays as it is."""
        me = self._keeper
        if self.shown_stored is None:
            self._latest = (me.run_view, me.marks)
        self._show(stored_view(stored, prompt))
        me.forget_warning()
        if self.maximized is not None:
            self.minimize()
        me.show_page(Page.OUTPUTS)
        me.paint()
        self.call_after_refresh(me.focus_shown)
        if me.run_view is not None:
            self.call_after_refresh(rest_at_first_difference, self, me.run_view)

    def action_next_prompt(self) -> None:
        """A run of the command can have several prompts; they are shown one at a time."""
        shown = self.shown_stored
        count = len(shown.stored.run.request.prompts) if shown is not None else 0
        if shown is None or count < 2:
            self._keeper.warn("there is one prompt")
        else:
            self.show_stored(shown.stored, (shown.prompt + 1) % count)

    def end_stored(self) -> None:
        """The latest run again, or none."""
        if self.shown_stored is None:
            return
        me = self._keeper
        me.run_view, me.marks = self._latest
        self.forget_stored()
        me.paint()
        self.call_after_refresh(me.keep_focus_in_view)

    def forget_stored(self) -> None:
        """Another run takes its place."""
        self.shown_stored = None
        self.query_one(StoredLine).hush()

    def action_run_again(self) -> None:
        """The request of the run that is shown, as a new run."""
        me = self._keeper
        if self.shown_stored is not None:
            self.run_again(self.shown_stored.stored.run.request)
        elif me.run_view is not None:
            self.run_again(me.run_view.request)
        else:
            me.warn(f"no run to repeat yet · {me.keys['run']} runs what is chosen")

    def run_again(self, request: RunRequest) -> None:
        """Find the model as it lies here today, off the UI thread, and start."""
        me = self._keeper
        if me.busy_words:
            me.warn(me.busy_words)
            return
        me.say(f"looking for {request.model.id} …")
        access = me.services.history
        if access is None:
            self.post_message(AgainPrepared(request, request.model))
        else:
            start_thread(partial(self._find_again, access.find_again, request), "again")

    @on(AgainPrepared)
    def again_prepared(self, message: AgainPrepared) -> None:
        me = self._keeper
        if me.busy_words:
            return
        access, before = me.services.history, message.request
        request = replace(before, run_id=me.services.new_run_id(), model=message.model)
        record = access.record_again(before.run_id) if access is not None else me.services.record
        me.start(request, record)
        self.query_one(StoredLine).show(*repeated_words(request, me.keys))

    @on(AgainRefused)
    def again_refused(self, message: AgainRefused) -> None:
        problem = message.problem
        self._keeper.warn(" · ".join(filter(None, (f"cannot run again: {problem.message}", problem.hint))))

    def action_export(self) -> None:
        """The run that is shown, once it is over."""
        me = self._keeper
        shown, view = self.shown_stored, me.run_view
        run = shown.stored.run if shown is not None else view.result if view is not None else None
        if view is None or run is None:
            me.warn("no run to export yet" if not me.is_busy else "a run is exported once it is over")
            return
        candidate = view.candidate.variant.spelling if view.candidate is not None else ""
        title = f"{run.request.model.id} · run {run.request.run_id}"
        source = ExportSource(title, lambda: [run], self.export_privacy, candidate, self.app.export_screenshot())
        self.app.push_screen(ExportScreen(source, self.export_choices()))

    def export_choices(self) -> ExportChoices:
        if self._export is None:
            access = self._keeper.services.history
            self._export = ExportChoices(str(access.folder) if access is not None else "")
        return self._export

    @property
    def export_privacy(self) -> Privacy:
        access = self._keeper.services.history
        return access.privacy if access is not None else Privacy()

    def _find_again(self, find: Callable[[ModelEntry], ModelEntry], request: RunRequest) -> None:
        try:
            self.post_message(AgainPrepared(request, find(request.model)))
        except QuantTuiError as error:
            self.post_message(AgainRefused(Problem(error.message, error.hint)))

    def _show(self, shown: StoredView) -> None:
        me = self._keeper
        self.shown_stored, me.run_view = shown, shown.view
        me.marks = Marks()
        self.query_one(StoredLine).show(*banner_words(shown, me.keys))
