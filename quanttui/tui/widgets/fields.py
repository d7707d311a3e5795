"""Small form parts: a labelled one-line field and a switch that reads as text."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input, Label, Static

from quanttui.text import safe_line
from quanttui.tui.bindings import bindings_of
from quanttui.tui.widget_keys import SWITCH_COMMANDS


class SafeInput(Input):
    """An input in which nothing that was typed or pasted acts on the terminal.

    Textual selects the old value when a key brings the focus; here the click that brings it does so too.
    """

    _is_fresh = False

    @property
    def _value(self) -> Text:
        return Text(safe_line(self.value), no_wrap=True, overflow="ignore", end="")

    def on_focus(self) -> None:
        self._is_fresh = True

    def on_key(self) -> None:
        self._is_fresh = False

    def on_mouse_up(self) -> None:
        if self._is_fresh and self.selection.is_empty:
            self.select_all()
        self._is_fresh = False


class Field(Horizontal):
    """``label`` and an input of the same ``name`` as the setting it holds."""

    def __init__(self, name: str, label: str, value: str, *, cells: int | None = None, placeholder: str = "") -> None:
        super().__init__(classes="field")
        self._label = label
        self.input = SafeInput(value, placeholder, name=name, id=f"field-{name}", compact=True, select_on_focus=True)
        if cells is not None:
            self.input.styles.width = cells

    def compose(self) -> ComposeResult:
        yield Label(self._label, markup=False)
        yield self.input


class Switch(Static):
    """On or off, told by its box as well as by colour. Not ``offered``: there is none of it, and it cannot be
    switched; what was chosen is kept."""

    can_focus = True
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(SWITCH_COMMANDS)
    on = reactive(False)
    offered = reactive(True, layout=True)

    class Changed(Message):
        """A switch was switched."""

    def __init__(self, name: str, label: str, on: bool) -> None:
        super().__init__(name=name, id=f"field-{name}", classes="switch", markup=False)
        self._label = label
        self.set_reactive(Switch.on, on)

    def render(self) -> Content:
        if not self.offered:
            return Content(f"☐ {self._label}: none").stylize("$muted")
        return Content(f"{'☑' if self.on else '☐'} {self._label}")

    def action_switch(self) -> None:
        if not self.offered:
            return
        self.on = not self.on
        self.post_message(self.Changed())

    def on_click(self) -> None:
        self.action_switch()
