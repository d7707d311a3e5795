"""A list of one-line choices that fills its width. What it lists is its subclasses' business."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from rich.cells import cell_len
from textual.binding import BindingType
from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from quanttui.tui.bindings import bindings_of
from quanttui.tui.visible import fit
from quanttui.tui.widget_keys import LIST_COMMANDS


class Row(Protocol):
    """A value that says how it looks; equal ones look alike."""

    def content(self, width: int) -> Content:
        """One line of at most ``width`` cells, safe to show."""
        ...


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """A sign, a name cut at its start where it is too long, and what stands flush right, all safe to show."""

    sign: str
    name: str
    right: Content
    style: str = ""

    def content(self, width: int) -> Content:
        room = max(4, width - cell_len(self.sign) - self.right.cell_length - 2)
        name = fit(self.name, room, from_end=cell_len(self.name) > room)
        right = Content.assemble(" ", self.right).stylize_before(f"{self.style} $muted".strip())
        return Content.assemble((f"{self.sign} {name}", self.style)) + right


class ChoiceList(OptionList):
    """Keeps its highlight when its rows are painted again; makes only those that are in view."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(LIST_COMMANDS)

    def __init__(self, widget_id: str) -> None:
        super().__init__(id=widget_id, markup=False, compact=True)
        self._rows: list[Row] = []

    def show_rows(self, rows: Sequence[Row]) -> None:
        before, self._rows = self._rows, list(rows)
        if len(before) != len(self._rows):
            at = self.highlighted
            self.set_options([Option(_RowVisual(row)) for row in rows])
            self.highlighted = None if not rows else min(at or 0, len(rows) - 1)
            return
        for index, (old, new) in enumerate(zip(before, self._rows, strict=True)):
            if old != new:
                self._show_row(index, old, new)

    def _show_row(self, index: int, old: Row, new: Row) -> None:
        """A row whose words stay (a figure without room in this width has changed) is not painted again."""
        width, visual = self.scrollable_content_region.width, self.get_option_at_index(index).prompt
        was, is_now = old.content(width), new.content(width)
        if isinstance(visual, _RowVisual) and (was.plain, was.spans) == (is_now.plain, is_now.spans):
            visual.row = new
        else:
            self.replace_option_prompt_at_index(index, _RowVisual(new))

    def action_page_up(self) -> None:
        self._page(super().action_page_up)

    def action_page_down(self) -> None:
        self._page(super().action_page_down)

    def _page(self, move: Callable[[], None]) -> None:
        """Textual 8.2.8 looks for a line that a list has only once it was laid out."""
        with contextlib.suppress(KeyError):
            move()

    def watch_show_vertical_scrollbar(self) -> None:
        """Textual keeps what it made for the width before."""
        self._clear_caches()


class _RowVisual(Visual):
    """Made for whatever width there is when it is shown."""

    def __init__(self, row: Row) -> None:
        self.row = row

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        return self.row.content(width).render_strips(width, 1, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        return 1
