"""What the app's threads and the cockpit's panes tell: each message becomes what is chosen, held or said. Paints
nothing itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from textual import on
from textual.screen import Screen
from textual.widgets import TextArea

from quanttui.records.events import ModelLoaded, RunEvent
from quanttui.text import safe_line
from quanttui.tui import messages
from quanttui.tui.screens.output_painter import rest_at_first_difference
from quanttui.tui.state.model_listing import merged
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.status import Status, Tone
from quanttui.tui.widgets.memory_pane import MemoryPane
from quanttui.tui.widgets.model_list import ModelList

if TYPE_CHECKING:
    from quanttui.tui.screens.main import MainScreen


class HearingActions(Screen[None]):
    """The part of ``MainScreen`` that messages come to."""

    _unkept = ""

    @property
    def _hearing(self) -> MainScreen:
        return cast("MainScreen", self)

    @on(messages.HistoryFailed)
    def history_failed(self, message: messages.HistoryFailed) -> None:
        me = self._hearing
        problem = message.problem
        self._unkept = " · ".join(filter(None, (f"this run is not kept: {problem.message}", problem.hint)))
        me.warn(self._unkept)

    @on(messages.RunAdvanced)
    def run_advanced(self, message: messages.RunAdvanced) -> None:
        """What comes late from a run that is no longer the latest is dropped."""
        me = self._hearing
        if me.run_view is None or message.run_id != me.run_view.request.run_id:
            return
        for event in message.take():
            self._advance(me.run_view, event)
        me.repaint_soon()
        if me.run_view.is_over:
            asked = me.owner.is_leaving
            me.forget_warning()
            if self._unkept:
                me.warn(self._unkept)
                self._unkept = ""
            if asked:
                me.say(f"the run is over · {me.keys['quit_letter']} leaves")
            me.paint()
            self.call_after_refresh(rest_at_first_difference, self, me.run_view)

    def _advance(self, run: RunView, event: RunEvent) -> None:
        me = self._hearing
        run.apply(event)
        self.query_one(MemoryPane).note(event)
        me.waiting.note(event, me.services.clock())
        model = me.selection.model
        if isinstance(event, ModelLoaded) and model and model.path == run.request.model.path:
            me.select(me.selection.with_load(event.report))

    @on(messages.EngineWarmed)
    def engine_warmed(self, message: messages.EngineWarmed) -> None:
        me = self._hearing
        device = safe_line(f"ready on {message.description.device_name}")
        me.waiting.over(me.services.clock())
        own = f" · {me.keys['open']} opens a model of your own" if me.services.choices.is_first else ""
        me.idle_status = Status(f"{device} · {me.keys['run']} runs{own}")
        me.select(replace(me.selection, engine=message.description))
        me.paint_details()
        self.call_after_refresh(me.owner.settled)

    @on(messages.EngineFailed)
    def engine_failed(self, message: messages.EngineFailed) -> None:
        me = self._hearing
        words = f"the engine did not start: {message.problem.message} · {message.problem.hint}"
        me.idle_status = Status(safe_line(words), Tone.BAD)
        me.paint_footer()

    @on(messages.ModelsFound)
    def models_found(self, message: messages.ModelsFound) -> None:
        me = self._hearing
        me.entries = merged(me.entries, message.entries)
        if me.selection.model is None and message.chosen is not None:
            me.select(me.selection.with_model(message.chosen))
        else:
            me.show_models()

    @on(messages.ModelsListed)
    def models_listed(self, message: messages.ModelsListed) -> None:
        me = self._hearing
        if not message.entries:
            self.query_one(ModelList).fail("no model was found")
        me.entries = merged(me.entries, message.entries)
        me.is_listed = True
        chosen = message.chosen or next(iter(me.entries), None)
        missing = message.missing
        if words := f"{missing.message} · {missing.hint}" if missing else me.services.choices.word:
            me.warn(words)
        if me.selection.model is None and chosen is not None:
            me.select(me.selection.with_model(chosen))
        me.paint()

    @on(messages.ModelsFailed)
    def models_failed(self, message: messages.ModelsFailed) -> None:
        self.query_one(ModelList).fail(message.problem.message)

    @on(messages.MemoryRead)
    def memory_read(self, message: messages.MemoryRead) -> None:
        me = self._hearing
        me.reading = message.reading
        me.judge_fits()
        self.query_one(MemoryPane).show(message.reading)
        me.paint_header()
        me.judge_sweep_fits()

    @on(messages.ModelRequested)
    def model_requested(self, message: messages.ModelRequested) -> None:
        me = self._hearing
        me.choose_model(message.entry)

    @on(messages.VariantTickRequested)
    def tick_requested(self, message: messages.VariantTickRequested) -> None:
        me = self._hearing
        me.tick(message.variant)

    @on(messages.PageRequested)
    def page_requested(self, message: messages.PageRequested) -> None:
        me = self._hearing
        me.forget_warning()
        me.action_pane(message.pane)

    @on(messages.SettingsEdited)
    @on(TextArea.Changed)
    def settings_edited(self) -> None:
        me = self._hearing
        me.ask_fits()
        me.forget_warning()
