"""The line in which a model is searched for. Says what was typed; knows no model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from quanttui.tui.bindings import bindings_of
from quanttui.tui.widget_keys import FILTER_COMMANDS
from quanttui.tui.widgets.fields import SafeInput


class FilterInput(SafeInput):
    """Letters of a name. The keys that move in the list move in it from here too."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(FILTER_COMMANDS)

    class Ended(Message):
        """Nothing is to be filtered any more."""

    @dataclass
    class Moved(Message):
        """``action`` is one of the list's."""

        action: str

    def __init__(self) -> None:
        super().__init__(placeholder="letters of the name", id="model-filter", compact=True)
        self.display = False

    def action_end_filter(self) -> None:
        self.post_message(self.Ended())

    def action_move(self, action: str) -> None:
        self.post_message(self.Moved(action))
