"""What the cockpit shows of what is chosen and of the latest run: painted at a steady beat, with the footer beneath.
Hears no message and starts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual.screen import Screen
from textual.widgets import Input, TextArea

from quanttui.text import safe_line
from quanttui.tui.key_table import COMMANDS, SCOPES
from quanttui.tui.keys import (
    FOOTER_DIVERGENCE,
    FOOTER_DONE,
    FOOTER_IDLE,
    FOOTER_MODELS,
    FOOTER_RESULTS,
    FOOTER_RUNNING,
    FOOTER_TYPING,
)
from quanttui.tui.screens.output_painter import paint_hints, paint_outputs
from quanttui.tui.screens.results_painter import paint_results
from quanttui.tui.state.pages import Pane
from quanttui.tui.state.selection import Selection
from quanttui.tui.state.stale import choices_changed
from quanttui.tui.state.status import Status, Tone, run_status, warm_up_status
from quanttui.tui.state.stored_view import stored_status
from quanttui.tui.state.sweep_status import header_words, sweep_status_afar
from quanttui.tui.widgets.footer_lines import FooterLines
from quanttui.tui.widgets.header_line import HeaderLine
from quanttui.tui.widgets.memory_pane import MemoryPane
from quanttui.tui.widgets.model_list import ModelList
from quanttui.tui.widgets.prompt_editor import PromptEditor
from quanttui.tui.widgets.settings_row import SettingsRow
from quanttui.tui.widgets.variant_list import VariantList

if TYPE_CHECKING:
    from quanttui.tui.screens.main import MainScreen

_FOOTER_AFTER_SECONDS = 0.03


class ShowingActions(Screen[None]):
    """The part of ``MainScreen`` that paints. ``said`` stands in the footer in place of the status."""

    said: Status | None = None
    _stale = True

    @property
    def _showing(self) -> MainScreen:
        return cast("MainScreen", self)

    def select(self, selection: Selection) -> None:
        """What is chosen changes; whatever shows it follows."""
        me = self._showing
        me.selection = selection
        self.show_models()
        me.ask_fits()
        self.query_one(VariantList).show(selection, me.board)
        self.paint_header()
        self.query_one(SettingsRow).show(selection)
        self.paint_footer()

    def show_models(self) -> None:
        me = self._showing
        self.query_one(ModelList).show(me.entries, me.selection.model, is_whole=me.is_listed)

    def paint_header(self) -> None:
        me = self._showing
        self.query_one(HeaderLine).show(me.selection, me.reading, header_words(me.sweep))

    def warn(self, words: str) -> None:
        self.say(words, Tone.WARNING)

    def say(self, words: str, tone: Tone = Tone.QUIET) -> None:
        """A line in the footer in place of the status, until something else happens. ``words`` may be raw."""
        self.said = Status(safe_line(words), tone)
        self.paint_footer()

    def forget_warning(self) -> None:
        me = self._showing
        self.said = None
        me.owner.forget_leaving()
        self.paint_footer()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.paint_footer()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        self.paint_footer()

    def paint(self) -> None:
        me = self._showing
        self._paint_run()
        self.select(me.selection)

    def repaint_soon(self) -> None:
        """At the link's beat; while nothing changes, nothing beats."""
        me = self._showing
        if not self._stale:
            self._stale = True
            self.set_timer(me.services.link.paint_interval_seconds, self._paint_if_stale)

    def paint_footer(self) -> None:
        me = self._showing
        footer = self.query_one(FooterLines)
        footer.show_status(self.said or self._status())
        inside = SCOPES["in the divergence pane"] if me.pane_of_focus() is Pane.DIVERGENCE else ()
        footer.show_keys([(me.keys.all(name, inside=inside), label) for name, label in self._footer_labels()])

    def _status(self) -> Status:
        me = self._showing
        run = me.run_view
        if me.shown_stored is not None:
            return stored_status(me.shown_stored, me.keys)
        if me.is_sweeping and me.sweep is not None:
            return sweep_status_afar(me.sweep, me.services.clock(), me.keys)
        wait = me.waiting.wait(me.services.clock())
        if run is None:
            return me.idle_status or warm_up_status(wait)
        if not run.is_over:
            return run_status(run, me.keys, wait=wait)
        prompt, settings = self.query_one(PromptEditor).text, self.query_one(SettingsRow).read().settings
        return run_status(run, me.keys, choices_changed=choices_changed(run, me.selection, prompt, settings))

    def _footer_labels(self) -> list[tuple[str, str]]:
        me = self._showing
        if isinstance(self.focused, Input | TextArea):
            return [(name, "leave field" if name == "back" else COMMANDS[name].label) for name in FOOTER_TYPING]
        chosen: tuple[str, ...]
        if me.pane_of_focus() is Pane.DIVERGENCE:
            chosen = FOOTER_DIVERGENCE
        elif me.pane_of_focus() is Pane.MODEL:
            chosen = FOOTER_MODELS
        elif me.pane_of_focus() is Pane.RESULTS and not me.is_busy:
            chosen = FOOTER_RESULTS
        elif me.is_busy:
            chosen = FOOTER_RUNNING
        else:
            in_setup = self.focused is None or me.pane_of_focus() not in (Pane.REFERENCE, Pane.CANDIDATE)
            chosen = FOOTER_IDLE if me.run_view is None or in_setup else FOOTER_DONE
        one = me.run_view is not None and len(me.run_view.candidates) < 2
        return [(name, COMMANDS[name].label) for name in chosen if not (one and name == "next_candidate")]

    def _paint_if_stale(self) -> None:
        """The footer comes in a frame of its own: one frame renders whatever lies between the first line that changed
        and the last."""
        me = self._showing
        if self._stale:
            self._paint_run()
            me.paint_branch()
            self.set_timer(_FOOTER_AFTER_SECONDS, self.paint_footer)

    def _paint_run(self) -> None:
        me = self._showing
        self._stale = False
        me.paint_divergence(me.run_view)
        paint_outputs(self, me.run_view, me.columns(), me.token_under_cursor(), me.keys)
        paint_hints(self, me.run_view, me.keys["details"])
        paint_results(self, me.run_view, me.marks, me.keys)
        me.paint_details()

    def tick_on(self) -> None:
        """What goes on with the clock alone."""
        me = self._showing
        if me.busy_words or me.idle_status is None:
            self.paint_footer()
        self.query_one(MemoryPane).age(me.services.clock())
