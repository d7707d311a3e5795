"""What the keys of the cockpit do. Changes what is chosen and what is shown; starts and stops runs through the app."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Input, TextArea

from quanttui.errors import QuantTuiError
from quanttui.records import ModelEntry, RunRequest, Variant
from quanttui.text import safe_text
from quanttui.tui import messages
from quanttui.tui.bindings import bindings_of
from quanttui.tui.key_table import KeyNames
from quanttui.tui.keys import SCREEN_COMMANDS, Command
from quanttui.tui.screens.ask import AskScreen
from quanttui.tui.screens.details import DetailsScreen
from quanttui.tui.state.details import Section, engine_section, load_sections
from quanttui.tui.state.model_listing import merged
from quanttui.tui.state.pages import Page, Pane
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.status import Tone
from quanttui.tui.state.variant_view import VariantView
from quanttui.tui.widget_keys import DIVERGENCE_COMMANDS, MODEL_COMMANDS, STRIP_COMMANDS
from quanttui.tui.widgets.divergence import DivergencePane
from quanttui.tui.widgets.model_list import ModelList
from quanttui.tui.widgets.prompt_editor import PromptEditor
from quanttui.tui.widgets.settings_row import SettingsRow
from quanttui.tui.widgets.strip import DivergenceStrip
from quanttui.tui.widgets.variant_list import VariantList
from quanttui.tui.workers.threads import start_thread
from quanttui.variants import parse_variant

if TYPE_CHECKING:
    from quanttui.pipeline.recorded import StartRecording
    from quanttui.tui.app import QuantTuiApp
    from quanttui.tui.screens.main import MainScreen


class ScreenActions(Screen[None]):
    """The actions of ``MainScreen``; ``_me`` is that screen, to the type checker."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(SCREEN_COMMANDS)

    @property
    def _me(self) -> MainScreen:
        return cast("MainScreen", self)

    @property
    def owner(self) -> QuantTuiApp:
        return cast("QuantTuiApp", self.app)

    @property
    def keys(self) -> KeyNames:
        """The keys as they are bound now."""
        return self.owner.key_names

    def node_of(self, command: Command) -> DOMNode | None:
        """Where a command of the palette acts; None, with a word, where there is nothing for it to act on."""
        if command in MODEL_COMMANDS:
            self._me.go_to_pane(Pane.MODEL)
            return self.query_one(ModelList)
        if command not in (*STRIP_COMMANDS, *DIVERGENCE_COMMANDS):
            return self
        if not self._me.go_to_pane(Pane.DIVERGENCE):
            return None
        return self.query_one(DivergenceStrip if command in STRIP_COMMANDS else DivergencePane)

    def interrupt(self) -> None:
        if self._me.is_busy:
            self._stop()
        elif self._me.is_sweeping:
            self._me.stop_sweep()
        else:
            self._me.say_anywhere(f"nothing runs · {self.keys['quit']} leaves")

    def choose_model(self, entry: ModelEntry) -> None:
        if entry.problem:
            self._me.warn(f"{entry.id} cannot be run: {entry.problem}")
            return
        self._me.entries = merged(self._me.entries, [entry])
        self._me.forget_warning()
        self._me.select(self._me.selection.with_model(entry))

    def tick(self, variant: Variant) -> None:
        selection = self._me.selection
        if variant == selection.reference:
            self._me.warn(
                f"{variant.spelling} is the reference · {self.keys['reference']} on another variant changes that"
            )
        elif reason := selection.why_not(variant):
            self._me.warn(f"{variant.spelling} cannot run here: {reason}")
        else:
            self._me.forget_warning()
            self._me.select(selection.with_tick(variant))

    def action_run(self) -> None:
        """Start a run with what is chosen, or say what is missing."""
        me, selection, keys = self._me, self._me.selection, self.keys
        form = self.query_one(SettingsRow).read()
        prompt = self.query_one(PromptEditor).text
        if me.busy_words:
            me.warn(me.busy_words)
        elif selection.model is None:
            me.warn(f"no model is chosen · {keys['model']} goes to the models, {keys['open']} opens a folder")
        elif not selection.candidates:
            me.warn(f"no candidate is ticked · {keys['variants']} goes to the variants, {keys['tick']} ticks one")
        elif not prompt.strip():
            me.warn(f"the prompt is empty · {keys['prompt']} goes to the prompt")
        elif form.settings is None:
            me.action_pane(Pane.SETTINGS)
            self.query_one(SettingsRow).focus_problem()
            me.warn("a setting is wrong: " + "; ".join(f"{k}: {v}" for k, v in form.problems.items()))
        elif not me.warn_of_fit((selection.reference, *selection.candidates)):
            request = RunRequest(
                run_id=me.services.new_run_id(),
                model=selection.model,
                reference=selection.chosen_reference,
                candidates=selection.candidates,
                prompts=(prompt,),
                generation=form.settings,
                score=me.services.score,
                plan=me.services.plan,
            )
            self.start(request)

    def action_back(self) -> None:
        """One step back: out of a maximised pane, a text field, the run, a stored run."""
        if self.maximized is not None:
            self.minimize()
        elif isinstance(self.focused, Input | TextArea):
            self._me.leave_field()
        elif self._me.is_busy:
            self._stop()
        elif self._me.shown_stored is not None:
            self._me.action_history()
        else:
            self._me.forget_warning()

    def action_tick(self) -> None:
        if variant := self.query_one(VariantList).highlighted:
            self.tick(variant)

    def action_reference(self) -> None:
        variant = self.query_one(VariantList).highlighted
        if variant is None:
            return
        if reason := self._me.selection.why_not(variant):
            self._me.warn(f"{variant.spelling} cannot run here: {reason}")
            return
        self._me.forget_warning()
        self._me.select(self._me.selection.with_reference(variant))

    def action_add_variant(self) -> None:
        words = "Options come after a plus: nf4+dq · nf4+compute=fp16 · int8+threshold=0 · nf4+skip=model.layers.0"
        self.app.push_screen(AskScreen("Add a variant", "nf4+dq", words, parse_variant), self._offer)

    def action_example(self) -> None:
        self.query_one(PromptEditor).show_next(self._me.services.choices.examples)

    def action_filter_models(self) -> None:
        if self.maximized is None:
            self._me.show_page(Page.SETUP)
        elif self._me.pane_of_focus() is not Pane.MODEL:
            self.minimize()
        self.query_one(ModelList).action_filter()

    def action_copy(self) -> None:
        """Copy the output that has the focus, the shown candidate's otherwise. Whether the terminal took it, it never
        says."""
        if (view := self._output_at_hand()) is None:
            self._me.warn("no output to copy yet")
            return
        self.app.copy_to_clipboard(safe_text(view.text))
        words = f"copied {view.variant.spelling}'s output, {len(view.tokens)} tokens"
        self._me.say(f"{words} · {self.keys['write']} writes a file", Tone.GOOD)

    def action_write_output(self) -> None:
        """The same output, raw, into a new file."""
        if (view := self._output_at_hand()) is None:
            self._me.warn("no output to write yet")
            return
        start_thread(partial(self._write_output, view.variant.spelling, view.text), "output")

    @on(messages.OutputWritten)
    def output_written(self, message: messages.OutputWritten) -> None:
        self._me.say(f"written to {message.path}", Tone.GOOD)

    @on(messages.OutputRefused)
    def output_refused(self, message: messages.OutputRefused) -> None:
        self._me.warn(" · ".join(message.problem.lines))

    def _write_output(self, variant: str, text: str) -> None:
        """The body of a thread: a slow disk is not to hold up the screen."""
        try:
            path = self._me.services.write_output(variant, text)
        except QuantTuiError as error:
            self.post_message(messages.OutputRefused(messages.problem_of(error)))
        else:
            self.post_message(messages.OutputWritten(path))

    def _output_at_hand(self) -> VariantView | None:
        run = self._me.run_view
        view = run and (self._me.view_in_focus() or run.candidate)
        return view if view and view.tokens else None

    def action_details(self) -> None:
        """How each model of the run was loaded, and what the engine runs on."""
        if not isinstance(self.app.screen, DetailsScreen):
            self.app.push_screen(DetailsScreen(*self._details()))

    def paint_details(self) -> None:
        """While they are open they follow the run: what happens is told to this screen alone."""
        for screen in self.app.screen_stack:
            if isinstance(screen, DetailsScreen):
                screen.show(*self._details())

    def _details(self) -> tuple[list[Section], Section | None, str]:
        stored = self._me.shown_stored
        engine = stored.stored.run.environment if stored is not None else self._me.selection.engine
        empty = "Nothing was loaded yet" + ("" if self._me.is_busy else f": press {self.keys['run']}")
        return load_sections(self._me.run_view), engine_section(engine) if engine else None, empty

    def start(self, request: RunRequest, record: StartRecording | None = None) -> None:
        """``record``: keeps it in another way than other runs."""
        self._me.forget_stored()
        self._me.run_view = RunView(request)
        self._me.waiting.begin(request, self._me.services.clock())
        self._me.marks = self._me.marks.kept_for(request.candidates)
        self._me.forget_warning()
        if self.maximized is not None:
            self.minimize()
        self._me.show_page(Page.OUTPUTS)
        self._me.paint()
        self.call_after_refresh(self._me.focus_shown)
        self.owner.start_run(request, record)

    def _stop(self) -> None:
        run = self._me.run_view
        assert run is not None
        run.stopping = True
        self.owner.stop_run(run.request.run_id)
        self._me.forget_warning()

    def _offer(self, variant: Variant | None) -> None:
        if variant is None:
            return
        if variant != self._me.selection.reference:
            self._me.select(self._me.selection.with_offer(variant))
        self.query_one(VariantList).highlight(variant)
