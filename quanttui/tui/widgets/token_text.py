"""Scrolling text made of tokens: wraps, paints only the lines that changed, and knows where each token stands."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from quanttui.tui.bindings import bindings_of
from quanttui.tui.state.painting import Look, Piece
from quanttui.tui.state.wrapping import Wrapper
from quanttui.tui.widget_keys import TEXT_COMMANDS

# A scrolled pane is sent whole: text that streams past its end scrolls by so many lines at a time, not by one.
_SCROLL_STEP = 4


class TokenText(ScrollView, inherit_bindings=False):
    """Follows the text's end while it grows, until the user scrolls away from it."""

    can_focus = True
    ALLOW_MAXIMIZE = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"token-text--{look}" for look in Look}
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(TEXT_COMMANDS)

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[Piece] = []
        self._wrapper = Wrapper(80)
        self._styles: dict[Look, Style] = {}
        self._placed_y = 0.0
        self._follows = True

    def show(self, pieces: Sequence[Piece]) -> None:
        """Paint ``pieces``. Where they go on from those shown before, only what is new is wrapped and sent."""
        old, self._pieces = self._pieces, list(pieces)
        follows = self.is_vertical_scroll_end and (not old or self.max_scroll_y > 0)
        kept = _common_start(old, self._pieces)
        if kept == len(old) and self._pieces[kept:]:
            follows = self.is_vertical_scroll_end
            self._append_from(kept)
        elif [piece.text for piece in old] == [piece.text for piece in self._pieces]:
            self._refresh_looks(old)
        else:
            self._wrap()
        self._follows = follows
        self._follow()

    def keep_in_view(self, token: int) -> None:
        """As ``scroll_to_token``, but only while the user has not scrolled."""
        if self.scroll_y == self._placed_y:
            self.scroll_to_token(token)

    def scroll_to_token(self, token: int) -> None:
        """Bring the line of ``token`` into view, or the one where it would stand."""
        at = next((i for i, piece in enumerate(self._pieces) if piece.token is not None and piece.token >= token), None)
        line = len(self._wrapper.lines) - 1 if at is None else self._wrapper.line_of(at)
        if line is not None:
            self.scroll_to_region(Region(0, line, 1, 1), animate=False, center=True, immediate=True)
            self._placed_y = self.scroll_target_y
            self._follows = False

    def render_line(self, y: int) -> Strip:
        number, width = y + self.scroll_offset.y, self.size.width
        blank = self.rich_style
        if number >= len(self._wrapper.lines):
            return Strip.blank(width, blank)
        segments = [
            Segment("".join(text for text, _ in run), self._style(look))
            for look, run in groupby(self._wrapper.lines[number], key=lambda part: self._pieces[part[1]].look)
        ]
        return Strip(segments).adjust_cell_length(width, blank)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def watch_show_vertical_scrollbar(self) -> None:
        """The bar comes and goes within an unchanged size, so no Resize tells of it."""
        self._fit()

    def on_resize(self, event: events.Resize) -> None:
        self._fit()

    def _fit(self) -> None:
        if self._text_width != self._wrapper.width:
            self._wrap()
        self._follow()

    @property
    def _text_width(self) -> int:
        """A cell is left for the scroll bar's side, so that text does not touch it."""
        return max(2, self.scrollable_content_region.width)

    def _follow(self) -> None:
        """The scroll bar appears only with the next layout: until then scrolling has to be forced."""
        if self._follows and len(self._wrapper.lines) > self.size.height:
            self.scroll_end(animate=False, immediate=True, x_axis=False, force=True)
            self._placed_y = self.scroll_target_y

    def _style(self, look: Look) -> Style:
        if look not in self._styles:
            self._styles[look] = self.get_component_rich_style(f"token-text--{look}")
        return self._styles[look]

    def _wrap(self) -> None:
        self._wrapper = Wrapper(self._text_width)
        for index, piece in enumerate(self._pieces):
            self._wrapper.append(piece.text, index)
        self._resize_virtual()
        self.refresh()

    def _append_from(self, start: int) -> None:
        first_line = len(self._wrapper.lines) - 1
        for index in range(start, len(self._pieces)):
            self._wrapper.append(self._pieces[index].text, index)
        self._resize_virtual()
        self.refresh_lines(first_line, len(self._wrapper.lines) - first_line)

    def _refresh_looks(self, old: list[Piece]) -> None:
        changed = {i for i, (was, now) in enumerate(zip(old, self._pieces, strict=True)) if was.look is not now.look}
        for y, line in enumerate(self._wrapper.lines):
            if any(index in changed for _, index in line):
                self.refresh_lines(y, 1)

    def _resize_virtual(self) -> None:
        lines = len(self._wrapper.lines)
        if lines > self.size.height:
            lines += -lines % _SCROLL_STEP
        size = Size(self._text_width, lines)
        if size != self.virtual_size:
            self.virtual_size = size


def _common_start(old: list[Piece], new: list[Piece]) -> int:
    """How many pieces both begin with."""
    for index, (was, now) in enumerate(zip(old, new, strict=False)):
        if was != now:
            return index
    return min(len(old), len(new))
