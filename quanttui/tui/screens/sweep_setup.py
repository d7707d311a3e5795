"""The form of a sweep: which variants, what they read, where it ends and what the answer has to keep. Starts nothing:
it ends with what is asked for, whose files were read in a thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static

from quanttui.errors import QuantTuiError, UsageError
from quanttui.records import EvaluationText, SuitePrompt, Variant
from quanttui.session import SweepChoices
from quanttui.suite.built_in import built_in_text
from quanttui.text import safe_line, safe_text
from quanttui.tui.bindings import bindings_of, key_names
from quanttui.tui.messages import Problem, problem_of
from quanttui.tui.screens.ask import AskScreen
from quanttui.tui.state.fit_view import FitBoard
from quanttui.tui.state.pace import coarse_seconds
from quanttui.tui.state.selection import Selection
from quanttui.tui.state.sweep_draft import OwnFiles, SweepDraft, prompts_by_category
from quanttui.tui.state.sweep_form import LABELS, SweepFormResult, SweepTyped, choices_of, read_form
from quanttui.tui.sweeping_keys import HELP, RUN, SWEEP_FORM_COMMANDS
from quanttui.tui.widgets.sweep_form import SweepFields, TickList, read_rows
from quanttui.tui.widgets.variant_rows import variant_row
from quanttui.tui.workers.reading_sources import prompts_of, prompts_source, texts_of, texts_sources
from quanttui.tui.workers.threads import start_thread
from quanttui.units import format_bytes
from quanttui.variants import parse_variant

_REST_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class SweepOffer:
    """What the form begins with. ``memory``: the size that is free now, as it is typed, "" where that is not known.
    ``cell_seconds``: what a cell of this model took in an earlier sweep, None where none was seen."""

    selection: Selection
    board: FitBoard
    choices: SweepChoices
    memory: str = ""
    cell_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class SweepWish:
    """What is asked for, its files read. ``*_from``: as a command line names them."""

    candidates: tuple[Variant, ...]
    typed: SweepTyped
    prompts: tuple[SuitePrompt, ...]
    texts: tuple[EvaluationText, ...]
    prompts_from: str = ""
    texts_from: tuple[str, ...] = ()


class SweepSetupScreen(ModalScreen[SweepWish | None]):
    """``remember`` is told what was chosen when the form is left."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of((RUN, HELP, *SWEEP_FORM_COMMANDS))
    AUTO_FOCUS = "#sweep-variants"

    @dataclass
    class Read(Message):
        """Every file of the form was read."""

        wish: SweepWish

    @dataclass
    class Refused(Message):
        """A file of the form cannot be read."""

        problem: Problem

    @dataclass
    class Glanced(Message):
        """How much the user's own files hold, or what is wrong with them, where ``typed`` names them."""

        typed: tuple[str, str]
        own: OwnFiles
        problem: Problem | None = None

    def __init__(self, offer: SweepOffer, remember: Callable[[SweepChoices], object]) -> None:
        super().__init__()
        self._offer, self._remember, self._board = offer, remember, offer.board
        self.draft = SweepDraft(offer.selection, frozenset(offer.choices.left_out), offer.choices.built_in_text)
        self._glance = self.Glanced(("", ""), OwnFiles())
        self._is_reading = False
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        keys = key_names(self.app)
        every, ticks, starts = keys["sweep_form_all"], keys["sweep_form_tick"], keys["run"]
        with Vertical(id="sweep-form") as box:
            box.border_title = self._title()
            fields, shows, back = keys["sweep_form_next"], keys["help"], keys["sweep_form_close"]
            box.border_subtitle = Content(
                f"{starts} or enter starts · {ticks} ticks · {fields} fields · {shows} help · {back} back"
            )
            with Horizontal(id="sweep-lists"):
                for name, heading in (
                    ("variants", f"Variants · {every} all that fit"),
                    ("read", f"They read · {every} all"),
                ):
                    with Vertical(classes="sweep-list"):
                        yield Static(Content(heading), classes="sweep-heading", markup=False)
                        yield TickList(f"sweep-{name}")
            yield SweepFields(self._offer.choices, self._offer.memory)
            yield Static(markup=False, id="sweep-words")

    def on_mount(self) -> None:
        self._paint()
        for ticks in self.query(TickList):
            ticks.highlighted = 0
        if first := self.draft.selection.candidates:
            self._variants.highlighted = self.draft.selection.offered.index(first[0])
        self._look()

    def show_board(self, board: FitBoard) -> None:
        """What is foretold of the variants has changed."""
        self._board = board
        if self.is_mounted and self.app.is_running and self.display:
            self._paint()

    def action_close(self) -> None:
        if self.is_current:  # not when closed by the key before
            self._keep()
            self.dismiss(None)

    @on(OptionList.OptionSelected)
    def clicked(self, event: OptionList.OptionSelected) -> None:
        event.option_list.focus()
        self.call_after_refresh(self.action_tick)

    def action_tick(self) -> None:
        ticks = self.focused
        if not isinstance(ticks, TickList) or ticks.highlighted is None:
            return
        if ticks is self._variants:
            self.draft = self.draft.with_tick(self.draft.selection.offered[ticks.highlighted])
        else:
            self.draft = self.draft.with_turn(ticks.highlighted)
        self._paint()

    def action_tick_all(self) -> None:
        on_variants = self.focused is self._variants
        self.draft = self.draft.with_fitting(self._board) if on_variants else self.draft.with_all_read()
        self._paint()

    def action_add_variant(self) -> None:
        words = "Options come after a plus: nf4+dq · nf4+compute=fp16 · int8+threshold=0 · nf4+skip=model.layers.0"
        self.app.push_screen(AskScreen("Add a variant", "nf4+dq", words, parse_variant), self._add)

    @on(Input.Submitted)
    def action_run(self) -> None:
        """Read the files that are named and end with what is asked for, or say what is missing."""
        if self._is_reading or not self.is_current:
            return
        form, draft = self._form(), self.draft
        if form.typed is None:
            self.query_one(f"#field-{next(iter(form.problems))}").focus()
        elif not draft.selection.candidates:
            self._say("✗ no variant is ticked: there is nothing to hold against the reference", "-bad")
        else:
            self._is_reading = True
            self._say("reading …")
            start_thread(partial(self._read, draft, form.typed), "sources")

    @on(Read)
    def read(self, event: Read) -> None:
        if self.is_current:
            self._keep()
            self.dismiss(event.wish)

    @on(Refused)
    def refused(self, event: Refused) -> None:
        self._is_reading = False
        self._say("✗ " + "\n".join(event.problem.lines), "-bad")

    @on(Input.Changed)
    def typed(self) -> None:
        """The files are looked at once the typing rests."""
        self._paint()
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST_SECONDS, self._look)

    @on(Glanced)
    def glanced(self, event: Glanced) -> None:
        if event.typed == self._own:
            self._glance = event
            self._paint()

    @property
    def _variants(self) -> TickList:
        return self.query_one("#sweep-variants", TickList)

    @property
    def _own(self) -> tuple[str, str]:
        typed = self.query_one(SweepFields).typed
        return typed["own_prompts"].strip(), typed["own_text"].strip()

    def _title(self) -> Content:
        selection = self.draft.selection
        model = selection.model.id if selection.model is not None else ""
        return Content(safe_line(f"Sweep · {model}, every ticked variant against {selection.reference.spelling}"))

    def _form(self) -> SweepFormResult:
        return read_form(self.query_one(SweepFields).typed)

    def _add(self, variant: Variant | None) -> None:
        if variant is not None and variant != self.draft.selection.reference:
            self.draft = self.draft.with_offer(variant)
            self._paint()

    def _look(self) -> None:
        if any(self._own):
            start_thread(partial(self._glance_at, self._own), "glance")
        else:
            self._glance = self.Glanced(("", ""), OwnFiles())
            self._paint()

    def _glance_at(self, typed: tuple[str, str]) -> None:
        """The body of a thread."""
        try:
            characters = sum(len(text.text) for text in texts_of(typed[1], built_in=False))
            own = OwnFiles(len(prompts_of((), typed[0])), characters)
            self.post_message(self.Glanced(typed, own))
        except QuantTuiError as error:
            self.post_message(self.Glanced(typed, OwnFiles(), problem_of(error)))

    def _read(self, draft: SweepDraft, typed: SweepTyped) -> None:
        """The body of a thread."""
        try:
            prompts = prompts_of(draft.categories, typed.own_prompts)
            texts = texts_of(typed.own_text, built_in=draft.built_in_text)
            if not prompts and not texts:
                raise UsageError("there is nothing to read", "Tick a category or the built-in text, or name a file.")
            sources = (
                prompts_source(draft.categories, typed.own_prompts),
                texts_sources(typed.own_text, built_in=draft.built_in_text),
            )
            self.post_message(self.Read(SweepWish(draft.selection.candidates, typed, prompts, texts, *sources)))
        except QuantTuiError as error:
            self.post_message(self.Refused(problem_of(error)))

    def _keep(self) -> None:
        typed = self.query_one(SweepFields).typed
        self._remember(choices_of(typed, self.draft.left_out, built_in_text=self.draft.built_in_text))

    def _paint(self) -> None:
        draft = self.draft
        self._variants.show_rows([variant_row(each, draft.selection, self._board) for each in draft.selection.offered])
        text = built_in_text().text
        rows = read_rows(prompts_by_category(), draft.left_out, format_bytes(len(text.encode())), draft.built_in_text)
        self.query_one("#sweep-read", TickList).show_rows(rows)
        problems = self._form().problems
        self.query_one(SweepFields).show_problems(problems)
        if problems:
            self._say("✗ " + "; ".join(f"{LABELS[name]}: {words}" for name, words in problems.items()), "-bad")
        elif self._glance.problem is not None and self._glance.typed == self._own:
            self._say("✗ " + "\n".join(self._glance.problem.lines), "-bad")
        else:
            self._say(self._size_words())

    def _size_words(self) -> str:
        model, typed = self.draft.selection.model, self._form().typed
        tokens = typed.budget.text_tokens if typed is not None else None
        size = self.draft.size(self._glance.own, model.context_length if model is not None else None, tokens)
        if not size.cells:
            return "Nothing to read is ticked."
        each = self._offer.cell_seconds
        seconds = "" if each is None else f" · about {coarse_seconds(each * size.cells)} at the last sweep's speed"
        return f"{size.words()}{seconds}.\nIt can be stopped at any time, and taken up where it was."

    def _say(self, words: str, tone: str = "") -> None:
        line = self.query_one("#sweep-words", Static)
        line.set_classes(tone)
        line.update(Content(safe_text(words)))
