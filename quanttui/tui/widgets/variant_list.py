"""The Variants pane: the reference, and the candidates to tick."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from quanttui.records import Variant
from quanttui.text import safe_line
from quanttui.tui.bindings import keyed_title
from quanttui.tui.messages import VariantTickRequested
from quanttui.tui.state.selection import DESCRIPTIONS, Selection
from quanttui.tui.widgets.choice_list import ChoiceList, ChoiceRow
from quanttui.units import format_bytes


class VariantList(Vertical):
    ALLOW_MAXIMIZE = True

    def __init__(self) -> None:
        super().__init__(id="variants", classes="pane")
        self._selection = Selection()

    def compose(self) -> ComposeResult:
        yield ChoiceList("variant-choices")
        yield Static(markup=False, classes="detail")

    def on_mount(self) -> None:
        self.border_title = keyed_title(self.app, "variants", "Variants")

    @property
    def highlighted(self) -> Variant | None:
        at = self.query_one(ChoiceList).highlighted
        return None if at is None or at >= len(self._selection.offered) else self._selection.offered[at]

    def show(self, selection: Selection) -> None:
        self._selection = selection
        self.query_one(ChoiceList).show_rows([_row(variant, selection) for variant in selection.offered])
        self._tell_highlighted()

    def highlight(self, variant: Variant) -> None:
        self.query_one(ChoiceList).highlighted = self._selection.offered.index(variant)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._tell_highlighted()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(VariantTickRequested(self._selection.offered[event.option_index]))

    def _tell_highlighted(self) -> None:
        variant = self.highlighted
        if variant is not None:
            reason = self._selection.why_not(variant)
            words = f"✗ {reason}" if reason else DESCRIPTIONS[variant.precision]
            self.query_one(".detail", Static).update(Content(safe_line(words)))


def _row(variant: Variant, selection: Selection) -> ChoiceRow:
    size = selection.measured_bytes.get(variant)
    shown_size = format_bytes(size) if size is not None else ""
    name = safe_line(variant.spelling)
    if variant == selection.reference:
        return ChoiceRow("●", name, Content(f"{shown_size}  ref".strip()), "bold")
    if selection.why_not(variant):
        return ChoiceRow("✗", name, Content("not here"), "dim")
    return ChoiceRow("☑" if variant in selection.ticked else "☐", name, Content(shown_size))
