"""The cockpit: every pane, and the one place where messages become what is shown. Its keys stand in ``actions``."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Input, TextArea

from quanttui.records import MemoryReading, ModelEntry
from quanttui.records.events import ModelLoaded
from quanttui.text import safe_line
from quanttui.tui import messages
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
from quanttui.tui.screens.actions import ScreenActions
from quanttui.tui.screens.arranging import ArrangementActions, arrangement
from quanttui.tui.screens.comparing import ComparingActions
from quanttui.tui.screens.fitting import FittingActions
from quanttui.tui.screens.keeping import KeepingActions
from quanttui.tui.screens.microscope import MicroscopeActions
from quanttui.tui.screens.opening import OpeningActions
from quanttui.tui.screens.output_painter import paint_hints, paint_outputs, rest_at_first_difference
from quanttui.tui.screens.results_painter import paint_results
from quanttui.tui.services import Services
from quanttui.tui.state.model_listing import merged
from quanttui.tui.state.pages import Pane
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.selection import Selection
from quanttui.tui.state.stale import choices_changed
from quanttui.tui.state.status import Status, Tone, run_status, warm_up_status
from quanttui.tui.state.stored_view import stored_status
from quanttui.tui.state.waiting import Waiting
from quanttui.tui.widgets.candidate_bar import CandidateBar
from quanttui.tui.widgets.divergence import DivergencePane
from quanttui.tui.widgets.footer_lines import FooterLines
from quanttui.tui.widgets.header_line import HeaderLine
from quanttui.tui.widgets.memory_pane import MemoryPane
from quanttui.tui.widgets.model_list import ModelList
from quanttui.tui.widgets.output_pane import OutputPane
from quanttui.tui.widgets.page_tabs import PageTabs
from quanttui.tui.widgets.prompt_editor import PromptEditor
from quanttui.tui.widgets.results_table import ResultsTable
from quanttui.tui.widgets.settings_row import SettingsRow
from quanttui.tui.widgets.stored_line import StoredLine
from quanttui.tui.widgets.variant_list import VariantList


class MainScreen(
    FittingActions,
    OpeningActions,
    KeepingActions,
    MicroscopeActions,
    ComparingActions,
    ArrangementActions,
    ScreenActions,
    Screen[None],
):
    """Holds what is chosen (``selection``) and the latest run (``run_view``); paints what changed at a steady beat."""

    CSS_PATH: ClassVar = ["../app.tcss", "../history.tcss"]
    AUTO_FOCUS = "#variant-choices"
    ALLOW_IN_MAXIMIZED_VIEW = ".-textual-system,#header,#footer"

    def __init__(self, services: Services, size: Size) -> None:
        self._arranged = arrangement(size, self.page)
        super().__init__(classes=" ".join(self._arranged))
        choices = services.choices
        self.services = services
        selection = Selection(chosen_reference=choices.reference)
        for variant in (*choices.candidates, *((choices.reference,) if choices.reference else ())):
            selection = selection.with_offer(variant)
        self.selection = replace(selection, ticked=frozenset(choices.candidates) - {choices.reference})
        self.entries: tuple[ModelEntry, ...] = ()
        self.is_listed = False
        self.reading: MemoryReading | None = None
        self.run_view: RunView | None = None
        self.idle_status: Status | None = None
        self.waiting = Waiting(services.clock(), choices.warm_up_seconds)
        self.said: Status | None = None
        self._unkept = ""
        self._stale = True

    def compose(self) -> ComposeResult:
        choices = self.services.choices
        yield HeaderLine()
        yield StoredLine()
        yield PageTabs()
        with Horizontal(id="body"):
            with Vertical(id="side"):
                yield ModelList()
                yield VariantList()
                yield MemoryPane()
            with Vertical(id="work"):
                with Vertical(id="asked"):
                    yield PromptEditor(choices.prompt)
                    yield SettingsRow(choices.settings)
                yield CandidateBar()
                with Horizontal(id="outputs"):
                    yield OutputPane(self.keys["reference_output"], "Reference", "reference")
                    yield OutputPane(self.keys["candidate_output"], "Candidate", "candidate")
                    yield OutputPane(self.keys["candidate_output"], "Candidate", "other")
                yield DivergencePane(Pane.DIVERGENCE, self.keys["divergence"])
        yield ResultsTable()
        yield FooterLines()

    def on_mount(self) -> None:
        self.query_one(PageTabs).show(self.page)
        self.set_interval(1.0, self._tick)
        self.paint()
        if first := self.selection.candidates:
            self.query_one(VariantList).highlight(first[0])

    @property
    def is_busy(self) -> bool:
        return self.run_view is not None and not self.run_view.is_over

    def on_resize(self, event: events.Resize) -> None:
        self.lay_out_anew(event.size)
        self.repaint_soon()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.paint_footer()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        self.paint_footer()

    @on(messages.HistoryFailed)
    def history_failed(self, message: messages.HistoryFailed) -> None:
        problem = message.problem
        self._unkept = " · ".join(filter(None, (f"this run is not kept: {problem.message}", problem.hint)))
        self.warn(self._unkept)

    @on(messages.RunAdvanced)
    def run_advanced(self, message: messages.RunAdvanced) -> None:
        """What comes late from a run that is no longer the latest is dropped."""
        if self.run_view is None or message.run_id != self.run_view.request.run_id:
            return
        self.run_view.apply(message.event)
        self.query_one(MemoryPane).note(message.event)
        self.waiting.note(message.event, self.services.clock())
        self.repaint_soon()
        model = self.selection.model
        if isinstance(message.event, ModelLoaded) and model and model.path == self.run_view.request.model.path:
            self.select(self.selection.with_load(message.event.report))
        if self.run_view.is_over:
            asked = self.owner.is_leaving
            self.forget_warning()
            if self._unkept:
                self.warn(self._unkept)
                self._unkept = ""
            if asked:
                self.say(f"the run is over · {self.keys['quit_letter']} leaves")
            self.paint()
            self.call_after_refresh(rest_at_first_difference, self, self.run_view)

    @on(messages.EngineWarmed)
    def engine_warmed(self, message: messages.EngineWarmed) -> None:
        device = safe_line(f"ready on {message.description.device_name}")
        self.waiting.over(self.services.clock())
        own = f" · {self.keys['open']} opens a model of your own" if self.services.choices.is_first else ""
        self.idle_status = Status(f"{device} · {self.keys['run']} runs{own}")
        self.select(replace(self.selection, engine=message.description))
        self.paint_details()
        self.call_after_refresh(self.owner.settled)

    @on(messages.EngineFailed)
    def engine_failed(self, message: messages.EngineFailed) -> None:
        words = f"the engine did not start: {message.problem.message} · {message.problem.hint}"
        self.idle_status = Status(safe_line(words), Tone.BAD)
        self.paint_footer()

    @on(messages.ModelsFound)
    def models_found(self, message: messages.ModelsFound) -> None:
        self.entries = merged(self.entries, message.entries)
        if self.selection.model is None and message.chosen is not None:
            self.select(self.selection.with_model(message.chosen))
        else:
            self._show_models()

    @on(messages.ModelsListed)
    def models_listed(self, message: messages.ModelsListed) -> None:
        if not message.entries:
            self.query_one(ModelList).fail("no model was found")
        self.entries = merged(self.entries, message.entries)
        self.is_listed = True
        chosen = message.chosen or next(iter(self.entries), None)
        missing = message.missing
        if words := f"{missing.message} · {missing.hint}" if missing else self.services.choices.word:
            self.warn(words)
        if self.selection.model is None and chosen is not None:
            self.select(self.selection.with_model(chosen))
        self.paint()

    @on(messages.ModelsFailed)
    def models_failed(self, message: messages.ModelsFailed) -> None:
        self.query_one(ModelList).fail(message.problem.message)

    @on(messages.MemoryRead)
    def memory_read(self, message: messages.MemoryRead) -> None:
        self.reading = message.reading
        self.judge_fits()
        self.query_one(MemoryPane).show(message.reading)
        self.query_one(HeaderLine).show(self.selection, self.reading)

    @on(messages.ModelRequested)
    def model_requested(self, message: messages.ModelRequested) -> None:
        self.choose_model(message.entry)

    @on(messages.VariantTickRequested)
    def tick_requested(self, message: messages.VariantTickRequested) -> None:
        self.tick(message.variant)

    @on(messages.PageRequested)
    def page_requested(self, message: messages.PageRequested) -> None:
        self.forget_warning()
        self.action_pane(message.pane)

    @on(messages.SettingsEdited)
    @on(TextArea.Changed)
    def settings_edited(self) -> None:
        self.ask_fits()
        self.forget_warning()

    def select(self, selection: Selection) -> None:
        """What is chosen changes; whatever shows it follows."""
        self.selection = selection
        self._show_models()
        self.ask_fits()
        self.query_one(VariantList).show(selection, self.board)
        self.query_one(HeaderLine).show(selection, self.reading)
        self.query_one(SettingsRow).show(selection)
        self.paint_footer()

    def _show_models(self) -> None:
        self.query_one(ModelList).show(self.entries, self.selection.model, is_whole=self.is_listed)

    def warn(self, words: str) -> None:
        self.say(words, Tone.WARNING)

    def say(self, words: str, tone: Tone = Tone.QUIET) -> None:
        """A line in the footer in place of the status, until something else happens. ``words`` may be raw."""
        self.said = Status(safe_line(words), tone)
        self.paint_footer()

    def forget_warning(self) -> None:
        self.said = None
        self.owner.forget_leaving()
        self.paint_footer()

    def paint(self) -> None:
        self._paint_run()
        self.select(self.selection)

    def repaint_soon(self) -> None:
        """At the link's beat; while nothing changes, nothing beats."""
        if not self._stale:
            self._stale = True
            self.set_timer(self.services.link.paint_interval_seconds, self._paint_if_stale)

    def paint_footer(self) -> None:
        footer = self.query_one(FooterLines)
        footer.show_status(self.said or self._status())
        inside = SCOPES["in the divergence pane"] if self.pane_of_focus() is Pane.DIVERGENCE else ()
        footer.show_keys([(self.keys.all(name, inside=inside), label) for name, label in self._footer_labels()])

    def _status(self) -> Status:
        run = self.run_view
        if self.shown_stored is not None:
            return stored_status(self.shown_stored, self.keys)
        wait = self.waiting.wait(self.services.clock())
        if run is None:
            return self.idle_status or warm_up_status(wait)
        if not run.is_over:
            return run_status(run, self.keys, wait=wait)
        prompt, settings = self.query_one(PromptEditor).text, self.query_one(SettingsRow).read().settings
        return run_status(run, self.keys, choices_changed=choices_changed(run, self.selection, prompt, settings))

    def _footer_labels(self) -> list[tuple[str, str]]:
        if isinstance(self.focused, Input | TextArea):
            return [(name, "leave field" if name == "back" else COMMANDS[name].label) for name in FOOTER_TYPING]
        chosen: tuple[str, ...]
        if self.pane_of_focus() is Pane.DIVERGENCE:
            chosen = FOOTER_DIVERGENCE
        elif self.pane_of_focus() is Pane.MODEL:
            chosen = FOOTER_MODELS
        elif self.pane_of_focus() is Pane.RESULTS and not self.is_busy:
            chosen = FOOTER_RESULTS
        elif self.is_busy:
            chosen = FOOTER_RUNNING
        else:
            in_setup = self.focused is None or self.pane_of_focus() not in (Pane.REFERENCE, Pane.CANDIDATE)
            chosen = FOOTER_IDLE if self.run_view is None or in_setup else FOOTER_DONE
        one = self.run_view is not None and len(self.run_view.candidates) < 2
        return [(name, COMMANDS[name].label) for name in chosen if not (one and name == "next_candidate")]

    def _paint_if_stale(self) -> None:
        if self._stale:
            self._paint_run()
            self.paint_footer()
            self.paint_branch()

    def _paint_run(self) -> None:
        self._stale = False
        self.paint_divergence(self.run_view)
        paint_outputs(self, self.run_view, self.columns(), self.token_under_cursor(), self.keys)
        paint_hints(self, self.run_view, self.keys["details"])
        paint_results(self, self.run_view, self.marks, self.keys)
        self.paint_details()

    def _tick(self) -> None:
        """What goes on with the clock alone."""
        if self.is_busy or self.idle_status is None:
            self.paint_footer()
        self.query_one(MemoryPane).age(self.services.clock())
