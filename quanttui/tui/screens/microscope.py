"""The divergence pane on the main screen: when it shows, what moves with its cursor, and what forcing a token does."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events, on
from textual.screen import Screen

from quanttui.records.branch import BranchFinished
from quanttui.records.events import RunFailed
from quanttui.tui.messages import BranchAdvanced
from quanttui.tui.screens.output_painter import scroll_to_cursor
from quanttui.tui.state.branch_fold import apply_branch_event, branch_request, branch_view
from quanttui.tui.state.branch_view import BranchView
from quanttui.tui.state.run_view import RunView
from quanttui.tui.widgets.branch import BranchScreen
from quanttui.tui.widgets.divergence import DivergencePane
from quanttui.tui.widgets.strip import DivergenceStrip

if TYPE_CHECKING:
    from quanttui.tui.app import QuantTuiApp
    from quanttui.tui.screens.main import MainScreen


class MicroscopeActions(Screen[None]):
    """The part of ``MainScreen`` that the divergence pane talks to. One branch at a time, on a screen of its own."""

    _branch: tuple[str, BranchScreen, BranchView] | None = None

    @property
    def _cockpit(self) -> MainScreen:
        return cast("MainScreen", self)

    def paint_divergence(self, run: RunView | None) -> None:
        """The pane takes room once there is a figure to show, and then keeps it while candidates are switched."""
        pane = self.query_one(DivergencePane)
        view = run.candidate if run is not None else None
        measured = run is not None and any(each.score for each in run.candidates)
        pane.set_class(not measured, "-unmeasured")
        score = view.score if view is not None else None
        if score is pane.score:
            return
        if run is None or view is None or score is None or run.reference is None:
            pane.set_result(None, None)
            return
        pieces = [token.text for token in run.reference.tokens]
        first = view.first_divergence
        parted = (first, view.tokens[first].text) if first is not None and first < len(view.tokens) else None
        pane.set_result(score, view.divergence, (run.reference.variant, view.variant), pieces, parted=parted)

    def token_under_cursor(self) -> int | None:
        """The generated token that the strip's cursor stands on, while the user is there."""
        pane = self.query_one(DivergencePane)
        return self.query_one(DivergenceStrip).cursor if pane.score and pane.has_focus_within else None

    @on(DivergenceStrip.CursorMoved)
    def _follow_cursor(self, event: DivergenceStrip.CursorMoved) -> None:
        run = self._cockpit.run_view
        if run is not None and self.query_one(DivergencePane).has_focus_within:
            self._cockpit.repaint_soon()
            scroll_to_cursor(self, run, event.index)

    @on(DivergenceStrip.Hinted)
    def _say_hint(self, event: DivergenceStrip.Hinted) -> None:
        self._cockpit.warn(event.words)

    @on(events.DescendantFocus, "DivergenceStrip")
    @on(events.DescendantBlur, "DivergenceStrip")
    def _mark_or_unmark(self) -> None:
        self._cockpit.repaint_soon()

    @on(DivergencePane.ForceTokenRequested)
    def _force(self, event: DivergencePane.ForceTokenRequested) -> None:
        run, me = self._cockpit.run_view, self._cockpit
        if run is None or me.busy_words or self._branch is not None:
            me.warn(me.busy_words or "a branch is going on")
            return
        run_id = me.services.new_run_id()
        request = branch_request(run, run_id, event.variant, event.forced_token_ids)
        view = branch_view(run, event.variant, event.index, event.text)
        if request is None or view is None:
            return
        screen = BranchScreen(view)
        self._branch = (run_id, screen, view)
        owner = cast("QuantTuiApp", self.app)
        owner.push_screen(screen)
        owner.start_branch(request)

    @on(BranchAdvanced)
    def _branch_advanced(self, message: BranchAdvanced) -> None:
        if self._branch is None or self._branch[0] != message.run_id:
            return
        run_id, screen, view = self._branch
        view = apply_branch_event(view, message.event)
        self._branch = (run_id, screen, view)
        self._cockpit.repaint_soon()
        if isinstance(message.event, BranchFinished | RunFailed):
            self.paint_branch()
            self._branch = None

    def paint_branch(self) -> None:
        """The branch as it stands, at the screen's beat."""
        if self._branch is not None:
            self._branch[1].show(self._branch[2])

    def stop_branch(self) -> None:
        if self._branch is not None:
            cast("QuantTuiApp", self.app).stop_run(self._branch[0])
