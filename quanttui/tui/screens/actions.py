"""What the keys of the cockpit do. Changes what is chosen and what is shown; starts and stops runs through the app."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea

from quanttui.records import ModelEntry, RunRequest, Variant
from quanttui.text import safe_text
from quanttui.tui.bindings import bindings_of
from quanttui.tui.key_table import KeyNames
from quanttui.tui.keys import SCREEN_COMMANDS, Command
from quanttui.tui.screens.ask import AskScreen
from quanttui.tui.screens.details import DetailsScreen
from quanttui.tui.screens.output_painter import rest_at_first_difference, scroll_to_difference
from quanttui.tui.state.details import engine_section, load_sections
from quanttui.tui.state.pages import PAGE_OF, Page, Pane
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.status import Tone
from quanttui.tui.widget_keys import DIVERGENCE_COMMANDS, STRIP_COMMANDS
from quanttui.tui.widgets.divergence import DivergencePane
from quanttui.tui.widgets.prompt_editor import PromptEditor
from quanttui.tui.widgets.settings_row import SettingsRow
from quanttui.tui.widgets.strip import DivergenceStrip
from quanttui.tui.widgets.variant_list import VariantList
from quanttui.variants import parse_variant

if TYPE_CHECKING:
    from quanttui.tui.app import QuantTuiApp
    from quanttui.tui.screens.main import MainScreen

_FOCUS = {
    Pane.MODEL: "#models",
    Pane.VARIANTS: "#variant-choices",
    Pane.PROMPT: "#prompt TextArea",
    Pane.REFERENCE: "#reference TokenText",
    Pane.CANDIDATE: "#candidate TokenText",
    Pane.MEMORY: "#memory",
    Pane.DIVERGENCE: "DivergenceStrip",
    Pane.SETTINGS: "#field-max_new_tokens",
}


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
        if command not in (*STRIP_COMMANDS, *DIVERGENCE_COMMANDS):
            return self
        if not self.go_to_pane(Pane.DIVERGENCE):
            return None
        return self.query_one(DivergenceStrip if command in STRIP_COMMANDS else DivergencePane)

    def interrupt(self) -> None:
        if self._me.is_busy:
            self._stop()
        else:
            self._me.warn(f"nothing runs · {self.keys['quit']} leaves")

    def choose_model(self, entry: ModelEntry) -> None:
        if entry.problem:
            self._me.warn(f"{entry.id} cannot be run: {entry.problem}")
            return
        if entry not in self._me.entries:
            self._me.entries = (*self._me.entries, entry)
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
        if me.is_busy:
            me.warn(f"a run is going on · {keys['back']} stops it")
        elif selection.model is None:
            me.warn(f"no model is chosen · {keys['model']} goes to the models, {keys['open']} opens a folder")
        elif not selection.candidates:
            me.warn(f"no candidate is ticked · {keys['variants']} goes to the variants, {keys['tick']} ticks one")
        elif not prompt.strip():
            me.warn(f"the prompt is empty · {keys['prompt']} goes to the prompt")
        elif form.settings is None:
            self.action_pane(Pane.SETTINGS)
            self.query_one(SettingsRow).focus_problem()
            me.warn("a setting is wrong: " + "; ".join(f"{k}: {v}" for k, v in form.problems.items()))
        else:
            request = RunRequest(
                run_id=me.services.new_run_id(),
                model=selection.model,
                reference=selection.chosen_reference,
                candidates=selection.candidates,
                prompts=(prompt,),
                generation=form.settings,
                score=me.services.score,
            )
            self._start(request)

    def action_back(self) -> None:
        """One step back: out of a maximised pane, out of a text field, out of the run."""
        if self.maximized is not None:
            self.minimize()
        elif isinstance(self.focused, Input | TextArea):
            self._leave_field()
        elif self._me.is_busy:
            self._stop()
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

    def action_open_model(self) -> None:
        words = "A folder with a model in it, or the id of a model in the Hugging Face cache."
        self.app.push_screen(
            AskScreen("Open a model", "folder or hub id", words, self._me.services.find_model), self._opened
        )

    def action_difference(self, by: int) -> None:
        run = self._me.run_view
        span = run.step(by) if run is not None else None
        if span is None:
            self._me.warn("no difference to jump to")
            return
        self._me.forget_warning()
        if self._me.has_class("-narrow"):
            self._me.show_page(Page.OUTPUTS)
        self.query_one(DivergencePane).move_to(span.reference[0])
        self._me.paint()
        self.call_after_refresh(scroll_to_difference, self, span)

    def action_candidate(self, by: int) -> None:
        run = self._me.run_view
        if run is None or len(run.candidates) < 2:
            return
        run.show((run.shown + by) % len(run.candidates))
        self._me.paint()
        if run.is_over:
            self.call_after_refresh(rest_at_first_difference, self, run)

    def action_fold(self) -> None:
        """Fold away the long stretches that both texts share, or open them all."""
        run = self._me.run_view
        if run is None:
            return
        run.is_folded = not run.is_folded
        self._me.forget_warning()
        if run.is_folded and not run.folds(None):
            self._me.warn("no equal stretch is long enough to fold" if run.is_over else "folds once both have answered")
        self._repaint_outputs(run)

    def action_paint_all(self) -> None:
        run = self._me.run_view
        if run is None:
            return
        run.paints_all = not run.paints_all
        self._me.say("painted also where the texts share nothing" if run.paints_all else "painted where that helps")
        self._repaint_outputs(run)

    def _repaint_outputs(self, run: RunView) -> None:
        """The difference that the user is at stays in view."""
        self._me.paint()
        if (span := run.current_difference()) is not None:
            self.call_after_refresh(scroll_to_difference, self, span)
        elif run.is_over:
            self.call_after_refresh(rest_at_first_difference, self, run)

    def action_copy(self) -> None:
        """Copy the output that has the focus, the candidate's otherwise."""
        run = self._me.run_view
        ours = self.focused is not None and self.query_one("#reference") in self.focused.ancestors
        view = run and (run.reference if ours else run.candidate)
        if not view or not view.tokens:
            self._me.warn("no output to copy yet")
            return
        self.app.copy_to_clipboard(safe_text(view.text))
        self._me.say(f"copied {view.variant.spelling}'s output, {len(view.tokens)} tokens", Tone.GOOD)

    def action_details(self) -> None:
        """How each model of the run was loaded, and what the engine runs on."""
        if isinstance(self.app.screen, DetailsScreen):
            return
        engine = self._me.selection.engine
        loads = load_sections(self._me.run_view)
        empty = "Nothing was loaded yet" + ("" if self._me.is_busy else f": press {self.keys['run']}")
        self.app.push_screen(DetailsScreen(loads, engine_section(engine) if engine else None, empty))

    def action_zoom(self) -> None:
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            self.maximize(_pane_around(self.focused), container=False)

    def action_pane(self, pane: str) -> None:
        """Focus a pane, on whatever page it is."""
        self.go_to_pane(Pane(pane))

    def go_to_pane(self, pane: Pane) -> bool:
        """Whether there is such a pane to focus now; says why where not."""
        if pane is Pane.DIVERGENCE and self.query_one(DivergencePane).score is None:
            run = self.keys["run"]
            self._me.warn(f"nothing measured yet · {run} runs, and scores each candidate once it has answered")
            return False
        if self.maximized is not None:
            self.minimize()
        self._me.show_page(PAGE_OF[pane])
        self.call_after_refresh(self.query_one(_FOCUS[pane]).focus)
        return True

    def _start(self, request: RunRequest) -> None:
        self._me.run_view = RunView(request)
        self._me.waiting.begin(request, self._me.services.clock())
        self._me.forget_warning()
        if self.maximized is not None:
            self.minimize()
        self._me.show_page(Page.OUTPUTS)
        self._me.paint()
        self.call_after_refresh(self.query_one("#candidate TokenText").focus)
        self.owner.start_run(request)

    def _stop(self) -> None:
        run = self._me.run_view
        assert run is not None
        run.stopping = True
        self.owner.stop_run(run.request.run_id)
        self._me.forget_warning()

    def _leave_field(self) -> None:
        target = "#variant-choices" if self._me.run_view is None else "#candidate TokenText"
        widget = self.query_one(target)
        if widget.is_on_screen and widget.focusable:
            widget.focus()
        else:
            self.query_one("#variant-choices").focus()

    def _offer(self, variant: Variant | None) -> None:
        if variant is None:
            return
        if variant != self._me.selection.reference:
            self._me.select(self._me.selection.with_offer(variant))
        self.query_one(VariantList).highlight(variant)

    def _opened(self, entry: ModelEntry | None) -> None:
        if entry is not None:
            self.choose_model(entry)


def _pane_around(widget: Widget) -> Widget:
    """The pane that ``widget`` stands in."""
    return next(
        (node for node in widget.ancestors_with_self if isinstance(node, Widget) and node.has_class("pane")), widget
    )
