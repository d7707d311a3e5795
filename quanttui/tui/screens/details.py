"""Over the cockpit: how each model of a run was loaded, and what the engine runs on. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from quanttui.tui.bindings import bindings_of, key_names
from quanttui.tui.key_table import KeyNames
from quanttui.tui.state.details import Section
from quanttui.tui.widget_keys import DETAILS_COMMANDS
from quanttui.tui.widgets.sections import SectionsView


class DetailsScreen(ModalScreen[None]):
    """``empty`` is said where there are no ``loads``; ``engine`` None: it is not known yet."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(DETAILS_COMMANDS)

    def __init__(self, loads: Sequence[Section], engine: Section | None, empty: str) -> None:
        super().__init__()
        self._view = SectionsView()
        self.show(loads, engine, empty)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="details") as box:
            box.border_title = Content("Details")
            box.border_subtitle = Content(_hint(key_names(self.app)))
            yield self._view

    def show(self, loads: Sequence[Section], engine: Section | None, empty: str) -> None:
        """As things stand now; called again while a run goes on, it leaves what is in view where it is."""
        self._view.show("" if loads else empty, [*loads, *([engine] if engine is not None else ())])

    def action_close(self) -> None:
        if self.is_current:  # not when closed by the key before
            self.dismiss(None)

    def action_scroll(self, name: str) -> None:
        getattr(self.query_one("#details"), f"action_{name}")()


def _hint(keys: KeyNames) -> str:
    return f"{keys['details_close']} closes · {keys['details_down']} {keys['details_up']} scroll"
