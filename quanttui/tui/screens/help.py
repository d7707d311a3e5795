"""Every key, made from the bindings themselves, so that a rebound key shows as it is."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from quanttui.tui.bindings import bindings_of
from quanttui.tui.key_table import KeyNames
from quanttui.tui.keys import APP_COMMANDS, GROUPS, SCREEN_COMMANDS
from quanttui.tui.widget_keys import (
    DIVERGENCE_COMMANDS,
    HELP_COMMANDS,
    LIST_COMMANDS,
    STRIP_COMMANDS,
    SWITCH_COMMANDS,
)

_ABOUT = (
    "The reference answers first, then each ticked candidate, one model in memory at a time. "
    "Underlined words differ from the reference; ▶ marks where the texts part."
)
_SHOWN = (
    *SCREEN_COMMANDS, *APP_COMMANDS, *STRIP_COMMANDS, *DIVERGENCE_COMMANDS, *LIST_COMMANDS, *SWITCH_COMMANDS
)  # fmt: skip


class HelpScreen(ModalScreen[None]):
    """``keys``: those that hold now."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(HELP_COMMANDS)

    def __init__(self, keys: KeyNames) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            box.border_title = Content("Keys")
            box.border_subtitle = Content(f"{self._keys['help_close']} closes · ↑↓ scrolls")
            yield Static(Content.styled(_ABOUT, "$muted"), markup=False)
            for group in GROUPS:
                yield Static(self._group(group), markup=False, classes="help-group")

    def action_close(self) -> None:
        self.dismiss(None)

    def _group(self, group: str) -> Content:
        rows = [Content.styled(group, "bold $primary")]
        rows += [_row(self._keys.all(command.id), command.tooltip) for command in _SHOWN if command.group == group]
        return Content("\n").join(rows)


def _row(keys: str, words: str) -> Content:
    return Content.assemble((f"{keys:>12}  ", "bold"), words)
