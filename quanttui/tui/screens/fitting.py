"""Whether the variants of the chosen model fit: asked of the engine when it is idle, judged at each reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import on
from textual.screen import Screen

from quanttui.records import ModelEntry, Variant
from quanttui.tui import messages
from quanttui.tui.screens.open_model import OpenScreen
from quanttui.tui.state.fit_view import FitBoard, FitQuestion, fit_question, warning_words
from quanttui.tui.widgets.prompt_editor import PromptEditor
from quanttui.tui.widgets.settings_row import SettingsRow
from quanttui.tui.widgets.variant_list import VariantList

if TYPE_CHECKING:
    from quanttui.tui.screens.main import MainScreen


class FittingActions(Screen[None]):
    """The part of ``MainScreen`` that foretells. One question is with the engine at a time; a run goes before it."""

    board = FitBoard()
    _with_engine: FitQuestion | None = None
    _warned_of: tuple[FitQuestion | None, tuple[Variant, ...]] = (None, ())

    @property
    def _fitting(self) -> MainScreen:
        return cast("MainScreen", self)

    def ask_fits(self) -> None:
        """Ask for what is not foretold yet of what is chosen now; while a run goes on, later."""
        me = self._fitting
        settings = self.query_one(SettingsRow).read().settings
        if settings is None:
            return
        prompt = self.query_one(PromptEditor).text
        question = fit_question(me.selection, prompt, settings.max_new_tokens, score=me.services.score)
        self.board = self.board.asked(question)
        form = me.sweep_form
        missing = self.board.missing((form.draft.selection if form is not None else me.selection).possible)
        if question is None or me.busy_words or not missing or self._with_engine == question:
            return
        self._with_engine = question
        me.owner.start_foretelling(question, missing)

    def ask_fits_of(self, entry: ModelEntry) -> FitQuestion | None:
        """As ``ask_fits``, of a model that is not chosen; what is answered goes to who shows it."""
        me = self._fitting
        settings = self.query_one(SettingsRow).read().settings or me.services.choices.settings
        selection, prompt = me.selection.with_model(entry), self.query_one(PromptEditor).text
        question = fit_question(selection, prompt, settings.max_new_tokens, score=me.services.score)
        if question is not None:
            self._with_engine = question
            me.owner.start_foretelling(question, selection.possible)
        return question

    def judge_fits(self) -> None:
        """The rows follow what is free now."""
        self.board = self.board.judged(self._fitting.reading)
        self.query_one(VariantList).show(self._fitting.selection, self.board)
        if (form := self._fitting.sweep_form) is not None:
            form.show_board(self.board)

    def warn_of_fit(self, variants: tuple[Variant, ...]) -> bool:
        """Whether the user is told, for the first time with these choices, that something is too large."""
        large, key = self.board.too_large(variants), (self.board.question, variants)
        if not large or self._warned_of == key:
            return False
        self._warned_of = key
        self._fitting.warn(warning_words(large, self._fitting.keys["run"]))
        return True

    @on(messages.VariantsForetold)
    def _foretold(self, message: messages.VariantsForetold) -> None:
        """Answers to what is not asked any more are dropped."""
        if message.question == self.board.question:
            self.board = self.board.told(message.foretold)
            self.judge_fits()
        elif isinstance(self.app.screen, OpenScreen):
            self.app.screen.show_foretold(message, self._fitting.reading)

    @on(messages.ForetellingEnded)
    def _foretelling_ended(self, message: messages.ForetellingEnded) -> None:
        if message.question == self._with_engine:
            self._with_engine = None
            if message.is_whole:
                self.ask_fits()
