"""A list of one-line choices that fills its width. What it lists is its subclasses' business."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from quanttui.tui.bindings import bindings_of
from quanttui.tui.visible import fit
from quanttui.tui.widget_keys import LIST_COMMANDS

Row = tuple[str, str, str, str]
"""Sign, name, what stands flush right, and the style of the row; all safe to show."""


class ChoiceList(OptionList):
    """Keeps its highlight when its rows are painted again."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(LIST_COMMANDS)

    def __init__(self, widget_id: str) -> None:
        super().__init__(id=widget_id, markup=False, compact=True)
        self._rows: list[Row] = []

    def show_rows(self, rows: list[Row]) -> None:
        if rows != self._rows:
            self._rows = rows
            self._paint()

    def on_resize(self, event: events.Resize) -> None:
        self._paint()

    def _paint(self) -> None:
        width = self.scrollable_content_region.width
        prompts = [_row(row, width) for row in self._rows]
        if len(prompts) != self.option_count:
            at = self.highlighted
            self.set_options([Option(prompt) for prompt in prompts])
            self.highlighted = None if not prompts else min(at or 0, len(prompts) - 1)
            return
        for index, prompt in enumerate(prompts):
            self.replace_option_prompt_at_index(index, prompt)


def _row(row: Row, width: int) -> Content:
    sign, name, right, style = row
    room = max(4, width - cell_len(sign) - cell_len(right) - 2)
    keeps_end = cell_len(name) > room
    return Content.assemble(
        (f"{sign} ", style), (fit(name, room, from_end=keeps_end), style), (f" {right}", f"{style} $muted".strip())
    )
