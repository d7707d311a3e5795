"""A question that is answered with yes or no, before something that cannot be taken back. Decides nothing itself."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from quanttui.text import safe_text
from quanttui.tui.bindings import bindings_of, key_names
from quanttui.tui.history_keys import CONFIRM_COMMANDS


class ConfirmScreen(ModalScreen[bool]):
    """``question`` and ``words`` may be raw; ``yes``: what the key does."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(CONFIRM_COMMANDS)

    def __init__(self, question: str, words: str, yes: str) -> None:
        super().__init__()
        self._question, self._words, self._yes = question, words, yes

    def compose(self) -> ComposeResult:
        keys = key_names(self.app)
        with Vertical(id="confirm") as box:
            box.border_title = Content(safe_text(self._question))
            box.border_subtitle = Content(f"{keys['confirm_yes']} {self._yes} · {keys['confirm_no']} goes back")
            yield Static(Content(safe_text(self._words)), markup=False)

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)
