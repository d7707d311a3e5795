"""Every key, made from the bindings themselves, so that a rebound key shows as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from quanttui.tui.keys import APP_COMMANDS, DIVERGENCE, DIVERGENCE_KEYS, GROUPS, MOVING, SCREEN_COMMANDS, WIDGET_KEYS

_WIDGET_KEYS = {MOVING: WIDGET_KEYS, DIVERGENCE: DIVERGENCE_KEYS}
_ABOUT = (
    "The reference answers first, then each ticked candidate, one model in memory at a time. "
    "Underlined words differ from the reference; ▶ marks where the texts part."
)


class HelpScreen(ModalScreen[None]):
    """``keys`` maps a binding's id to the keys it has now."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "close", "Back", show=False, tooltip="Close the help", id="help_close")
    ]

    def __init__(self, keys: Mapping[str, str]) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            box.border_title = Content("Keys")
            box.border_subtitle = Content("esc closes · ↑↓ scrolls")
            yield Static(Content.styled(_ABOUT, "$muted"), markup=False)
            for group in GROUPS:
                yield Static(self._group(group), markup=False, classes="help-group")

    def action_close(self) -> None:
        self.dismiss(None)

    def _group(self, group: str) -> Content:
        rows = [Content.styled(group, "bold $primary")]
        commands = [command for command in (*SCREEN_COMMANDS, *APP_COMMANDS) if command.group == group]
        rows += [_row(self._keys.get(command.id, ""), command.tooltip) for command in commands]
        rows += [_row(keys, words) for keys, words in _WIDGET_KEYS.get(group, ())]
        return Content("\n").join(rows)


def _row(keys: str, words: str) -> Content:
    return Content.assemble((f"{keys:>10}  ", "bold"), words)
