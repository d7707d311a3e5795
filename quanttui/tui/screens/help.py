"""What the focused pane shows and its keys, then every key; all from the commands, as they are bound now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from quanttui.tui.bindings import bindings_of
from quanttui.tui.key_table import KeyNames
from quanttui.tui.keys import APP, APP_COMMANDS, GROUPS, SCREEN_COMMANDS, Command
from quanttui.tui.pane_help import HISTORY_HELP, PANE_HELP, SWEEP_FORM_HELP, SWEEP_HELP, PaneHelp
from quanttui.tui.screens.history import HistoryScreen
from quanttui.tui.screens.sweep_setup import SweepSetupScreen
from quanttui.tui.screens.sweep_shower import SweepShower
from quanttui.tui.state.pages import Pane
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


def help_of(screen: Screen[Any]) -> PaneHelp | None:
    """Of a screen that is explained on its own."""
    if isinstance(screen, SweepShower):
        return SWEEP_HELP
    if isinstance(screen, SweepSetupScreen):
        return SWEEP_FORM_HELP
    return HISTORY_HELP if isinstance(screen, HistoryScreen) else None


class HelpScreen(ModalScreen[None]):
    """``keys``: those that hold now. ``here``: the pane that had the focus, which comes first, or a screen of its
    own, which comes alone."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(HELP_COMMANDS)

    def __init__(self, keys: KeyNames, here: Pane | PaneHelp | None = None) -> None:
        super().__init__()
        self._keys = keys
        self._here = PANE_HELP.get(here) if isinstance(here, Pane) else here
        self._groups = (APP,) if isinstance(here, PaneHelp) else GROUPS
        self._cells = max(cell_len(keys.all(command.id)) for command in _SHOWN)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            box.border_title = Content(f"Help · {self._here.title}" if self._here else "Help")
            box.border_subtitle = Content(f"{self._keys['help_close']} closes · ↑↓ scrolls")
            if self._here is not None:
                yield Static(Content(self._here.words), markup=False, id="help-words")
                yield Static(self._rows(self._here.commands, self._here.inner), markup=False, classes="help-group")
                yield Static(Content.styled("Everywhere", "bold"), markup=False, classes="help-group")
            if self._groups is GROUPS:
                yield Static(Content.styled(_ABOUT, "$muted"), markup=False)
            for group in self._groups:
                yield Static(self._group(group), markup=False, classes="help-group")

    def action_close(self) -> None:
        if self.is_current:  # not when closed by the key before
            self.dismiss(None)

    def _group(self, group: str) -> Content:
        rows = self._rows([command for command in _SHOWN if command.group == group])
        return Content("\n").join([Content.styled(group, "bold $primary"), rows])

    def _rows(self, commands: Iterable[Command], inside: Iterable[Command] = ()) -> Content:
        """Keys and what they do; without keys that ``inside``, the focused widget's own, have taken."""
        keys = {command: self._keys.all(command.id, inside=inside) for command in commands}
        lines = [
            Content.assemble((f"{names:>{self._cells}}  ", "bold"), command.tooltip)
            for command, names in keys.items()
            if names
        ]
        return Content("\n").join(lines)
