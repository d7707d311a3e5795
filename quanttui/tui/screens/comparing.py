"""Going through differences and candidates, marking some of them, and seeing the marked ones side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events, on
from textual.screen import Screen

from quanttui.records import Variant
from quanttui.tui import messages
from quanttui.tui.screens.output_painter import rest_at_first_difference, scroll_to_difference
from quanttui.tui.state.pages import Page, Pane, output_room
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.side_by_side import Columns, Marks, lay_columns, marks_words, next_shown
from quanttui.tui.state.variant_view import VariantView
from quanttui.tui.widgets.divergence import DivergencePane
from quanttui.tui.widgets.output_pane import OutputPane
from quanttui.tui.widgets.results_table import ResultsTable

if TYPE_CHECKING:
    from quanttui.tui.screens.main import MainScreen


class ComparingActions(Screen[None]):
    """The part of ``MainScreen`` that chooses which outputs stand on the screen."""

    marks = Marks()
    _places_focus = False

    @property
    def _comparison(self) -> MainScreen:
        return cast("MainScreen", self)

    def columns(self) -> Columns:
        """The outputs that the screen has room for."""
        run = self._comparison.run_view
        if run is None:
            return Columns(True, ())
        room = output_room(self.size.width, self.size.height)
        return lay_columns(run.candidates, run.shown, self.marks, room)

    def view_in_focus(self) -> VariantView | None:
        """The variant whose output, or row of results, has the focus."""
        me = self._comparison
        run = me.run_view
        if run is None or self.focused is None:
            return None
        if isinstance(self.focused, ResultsTable):
            return run.reference if self.focused.on_reference else run.candidate
        pane = next((node for node in self.focused.ancestors if isinstance(node, OutputPane)), None)
        return run.view_of(pane.variant) if pane is not None and pane.variant is not None else None

    def action_difference(self, by: int) -> None:
        me = self._comparison
        run = me.run_view
        span = run.step(by) if run is not None else None
        if run is None or span is None:
            me.warn("no difference to jump to")
            return
        me.forget_warning()
        if me.has_class("-narrow"):
            me.show_page(Page.OUTPUTS)
        self.query_one(DivergencePane).move_to(span.reference[0])
        me.paint()
        self.call_after_refresh(scroll_to_difference, self, run, span)

    def action_candidate(self, by: int) -> None:
        run = self._comparison.run_view
        if run is not None and len(run.candidates) > 1:
            self._show_candidate(next_shown(run.candidates, run.shown, self.marks, by))

    def action_fold(self) -> None:
        """Fold away the long stretches that both texts share, or open them all."""
        me = self._comparison
        run = me.run_view
        if run is None:
            return
        run.is_folded = not run.is_folded
        me.forget_warning()
        if run.is_folded and not run.folds(None):
            me.warn("no equal stretch is long enough to fold" if run.is_over else "folds once both have answered")
        self._repaint_outputs(run)

    def action_paint_all(self) -> None:
        me = self._comparison
        run = me.run_view
        if run is None:
            return
        run.paints_all = not run.paints_all
        me.say("painted also where the texts share nothing" if run.paints_all else "painted where that helps")
        self._repaint_outputs(run)

    def _repaint_outputs(self, run: RunView) -> None:
        """The difference that the user is at stays in view."""
        self._comparison.paint()
        if (span := run.current_difference()) is not None:
            self.call_after_refresh(scroll_to_difference, self, run, span)
        elif run.is_over:
            self.call_after_refresh(rest_at_first_difference, self, run)

    def action_mark(self) -> None:
        """Mark the candidate that has the focus, or the shown one; a second time takes the mark away."""
        me = self._comparison
        run = me.run_view
        view = self.view_in_focus() or (run.candidate if run is not None else None)
        if run is None or view is None:
            me.warn(f"no candidate to mark yet · {me.keys['run']} runs")
        elif view.is_reference:
            me.warn(f"{view.variant.spelling} is the reference: every candidate is compared with it")
        else:
            self.marks = self.marks.turned(view.variant)
            names = ", ".join(each.variant.spelling for each in self.marks.of(run.candidates))
            key = me.keys["compare"]
            me.say(f"marked: {names} · {key} shows them side by side" if names else "nothing is marked any more")
            me.paint()

    def action_compare(self) -> None:
        """The marked candidates side by side, each against the reference; again: back."""
        me = self._comparison
        run = me.run_view
        marked = self.marks.of(run.candidates) if run is not None else []
        if run is None or not marked:
            me.warn(f"nothing is marked · {me.keys['mark']} marks the candidate that is shown")
            return
        if self.marks.is_on:
            self.end_side_by_side()
            return
        self.marks = self.marks.switched(True)
        if self.maximized is not None:
            self.minimize()
        me.show_page(Page.OUTPUTS)
        self._show_candidate(run.shown if run.candidate in marked else run.candidates.index(marked[0]))
        me.say(marks_words(self.marks, self.columns(), run.candidates, me.keys))

    def action_clear_marks(self) -> None:
        had = bool(self.marks.variants)
        self.marks = Marks()
        self._repaint()
        self._comparison.say("no marks any more" if had else "nothing is marked")

    def end_side_by_side(self) -> None:
        """Back to the reference and the shown candidate; the marks stay."""
        if self.marks.is_on:
            self.marks = self.marks.switched(False)
            self._repaint()
            self._comparison.forget_warning()

    @on(messages.CandidateRequested)
    def candidate_requested(self, message: messages.CandidateRequested) -> None:
        self._comparison.forget_warning()
        self._show_variant(message.variant)

    @on(events.DescendantFocus, "TokenText")
    def _focus_shows(self, event: events.DescendantFocus) -> None:
        """Of the candidates side by side, the one with the focus is the one that keys act on."""
        pane, placed = event.widget.parent, self._places_focus
        self._places_focus = False
        if placed:
            return
        if isinstance(pane, OutputPane) and pane.id != Pane.REFERENCE and pane.variant is not None:
            self._show_variant(pane.variant)

    def focus_shown(self) -> None:
        """Put the focus on the shown candidate, which is not the user's choice of it."""
        text = self._comparison.shown_text()
        self._places_focus = not text.has_focus
        text.focus()

    def _show_variant(self, variant: Variant) -> None:
        """One that is not marked is shown beside the reference: the marked ones give way."""
        run = self._comparison.run_view
        index = next((i for i, view in enumerate(run.candidates) if view.variant == variant), None) if run else None
        if run is None or index is None or index == run.shown:
            return
        if variant not in self.marks.variants:
            self.marks = self.marks.switched(False)
        self._show_candidate(index)

    def _show_candidate(self, index: int) -> None:
        run = self._comparison.run_view
        assert run is not None
        run.show(index)
        self._repaint()
        if run.is_over:
            self.call_after_refresh(rest_at_first_difference, self, run)

    def _repaint(self) -> None:
        self._comparison.paint()
        self.call_after_refresh(self._comparison.keep_focus_in_view)
