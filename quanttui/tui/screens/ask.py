"""A question with one line for its answer. What is wrong with the answer stands beneath it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from quanttui.errors import QuantTuiError
from quanttui.text import safe_text
from quanttui.tui.bindings import bindings_of, key_names
from quanttui.tui.messages import Problem
from quanttui.tui.widget_keys import ASK_COMMANDS
from quanttui.tui.widgets.fields import SafeInput
from quanttui.tui.workers.threads import start_thread

Answer = TypeVar("Answer")


class AskScreen(ModalScreen[Answer | None], Generic[Answer]):
    """``read`` turns what was typed into the answer, off the UI thread, or raises ``QuantTuiError``."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ASK_COMMANDS)

    @dataclass
    class Understood(Message):
        """What was typed could be read."""

        answer: object

    @dataclass
    class Misunderstood(Message):
        """What was typed could not be read."""

        problem: Problem

    def __init__(self, title: str, placeholder: str, explanation: str, read: Callable[[str], Answer]) -> None:
        super().__init__()
        self._heading, self._placeholder, self._explanation = title, placeholder, explanation
        self._read = read

    def compose(self) -> ComposeResult:
        with Vertical(id="ask") as box:
            box.border_title = Content(self._heading)
            box.border_subtitle = Content(f"enter takes it · {key_names(self.app)['ask_cancel']} goes back")
            yield SafeInput(placeholder=self._placeholder, compact=True)
            yield Static(Content(self._explanation), markup=False, id="ask-words")

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self._say("looking …", bad=False)
            start_thread(partial(self._answer, event.value.strip()), "answer")

    @on(Input.Changed)
    def changed(self) -> None:
        self._say(self._explanation, bad=False)

    @on(Understood)
    def understood(self, event: Understood) -> None:
        if self.is_current:  # not when closed by the key before
            self.dismiss(event.answer)  # type: ignore[arg-type]  # it came from ``read``

    @on(Misunderstood)
    def misunderstood(self, event: Misunderstood) -> None:
        self._say(f"✗ {event.problem.message}\n{event.problem.hint}".rstrip(), bad=True)

    def action_cancel(self) -> None:
        if self.is_current:  # not when closed by the key before
            self.dismiss(None)

    def _answer(self, typed: str) -> None:
        try:
            self.post_message(self.Understood(self._read(typed)))
        except QuantTuiError as error:
            self.post_message(self.Misunderstood(Problem(error.message, error.hint)))

    def _say(self, words: str, *, bad: bool) -> None:
        line = self.query_one("#ask-words", Static)
        line.set_class(bad, "-bad")
        line.update(Content(safe_text(words)))
