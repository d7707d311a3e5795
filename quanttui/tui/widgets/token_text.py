"""Scrolling text made of tokens: wraps, paints only the lines that changed, and knows where each token stands."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
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
from quanttui.tui.state.looks import Look
from quanttui.tui.state.painting import Piece
from quanttui.tui.state.wrapping import Place, Wrapper
from quanttui.tui.widget_keys import TEXT_COMMANDS

# A scrolled pane is sent whole: text that streams past its end scrolls by so many lines at a time, not by one.
_SCROLL_STEP = 4


@dataclass(frozen=True, slots=True)
class _ReadingPlace:
    """The token that was scrolled to, or the one at the top: which piece of it, and where in that."""

    token: int
    nth: int = 0
    offset: int = 0
    was_placed: bool = False


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
        self._placed_token: int | None = None
        self._follows = True
        self._held: tuple[float, _ReadingPlace] | None = None

    def show(self, pieces: Sequence[Piece]) -> None:
        """Paint ``pieces``, whatever was shown before."""
        kept = _common_start(self._pieces, pieces)
        self.go_on(kept, pieces[kept:])

    def go_on(self, kept: int, pieces: Sequence[Piece]) -> None:
        """The pieces from number ``kept`` on are ``pieces`` now: only what is new is wrapped, painted and sent."""
        old = self._pieces[kept:]
        same = _common_start(old, pieces)
        if same == len(old) == len(pieces):
            return
        had_text, at_end = bool(self._pieces), self.is_vertical_scroll_end
        place = self._reading_place() if old[same:] else None
        self._pieces[kept + same :] = pieces[same:]
        self._follows = at_end and (not old[same:] or not had_text or self.max_scroll_y > 0)
        if [piece.text for piece in old] == [piece.text for piece in pieces]:
            self._refresh_looks(kept + same, len(old) - same)
        else:
            self._wrap_from(kept + same, len(old) - same)
            self._stay_at(place)
        self._follow()

    def keep_in_view(self, token: int) -> None:
        """As ``scroll_to_token``, but only while the user has not scrolled."""
        if self._is_placed:
            self.scroll_to_token(token)

    def scroll_to_token(self, token: int) -> None:
        """Bring the line of ``token`` into view, or the one where it would stand, or that of the fold it is in."""
        region = Region(0, self._line_of_token(token), 1, 1)
        self.scroll_to_region(region, animate=False, center=True, immediate=True, force=True)
        self._placed_y, self._placed_token = self.scroll_target_y, token
        self._follows = False

    @property
    def _is_placed(self) -> bool:
        """The user has not scrolled since the text was."""
        return self.scroll_y == min(self._placed_y, self.max_scroll_y)

    def _line_of_token(self, token: int) -> int:
        last = bisect_right(self._pieces, token, key=_token_of) - 1
        if last < 0:
            return 0
        first = bisect_left(self._pieces, _token_of(self._pieces[last]), key=_token_of)
        return self._wrapper.line_at(Place(first, 0))

    def render_line(self, y: int) -> Strip:
        number, width = y + self.scroll_offset.y, self.size.width
        blank = self.rich_style
        if number >= len(self._wrapper.lines):
            return Strip.blank(width, blank)
        line = self._wrapper.lines[number]
        looks = groupby(line, key=lambda fragment: self._pieces[fragment.piece].look)
        segments = [Segment("".join(part.text for part in run), self._style(look)) for look, run in looks]
        return Strip(_without_trailing_blank(segments)).adjust_cell_length(width, blank)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def watch_show_vertical_scrollbar(self) -> None:
        """The bar comes and goes within an unchanged size, so no Resize tells of it."""
        self._fit()

    def on_resize(self, event: events.Resize) -> None:
        self._fit()

    def _fit(self) -> None:
        self._follows = self._follows and self._is_placed
        if self._text_width != self._wrapper.width:
            self._wrap_anew()
        self._resize_virtual()
        self._follow()

    def _wrap_anew(self) -> None:
        """The reader's place stays: the difference that was scrolled to, or else what stood at the top."""
        place = self._reading_place()
        self._wrapper = Wrapper(self._text_width)
        self._wrap_from(0, 0)
        self.refresh()
        self._stay_at(place)

    def _reading_place(self) -> _ReadingPlace | None:
        if self._placed_token is not None and self._is_placed:
            return _ReadingPlace(self._placed_token, was_placed=True)
        top = self._wrapper.starts[min(int(self.scroll_y), len(self._wrapper.starts) - 1)]
        if self.scroll_y == 0 or top.piece >= len(self._pieces):
            return None
        if self._held is not None and self._held[0] == self.scroll_y:
            return self._held[1]
        token = _token_of(self._pieces[top.piece])
        return _ReadingPlace(token, top.piece - bisect_left(self._pieces, token, key=_token_of), top.offset)

    def _stay_at(self, place: _ReadingPlace | None) -> None:
        """Other lines, the same place in the text."""
        if place is None or self._follows:
            return
        if place.was_placed:
            self.scroll_to_token(place.token)
            return
        piece = bisect_left(self._pieces, place.token, key=_token_of) + place.nth
        y = min(self._wrapper.line_at(Place(piece, place.offset)), self.max_scroll_y)
        if y != self.scroll_y:
            self.scroll_to(y=y, animate=False, immediate=True, force=True)
        self._held = (y, place)

    @property
    def _text_width(self) -> int:
        """A cell is left for the scroll bar's side, so that text does not touch it."""
        return max(2, self.scrollable_content_region.width)

    def _follow(self) -> None:
        """The scroll bar appears only with the next layout: until then scrolling has to be forced."""
        if self._follows and len(self._wrapper.lines) > self.size.height:
            self.scroll_end(animate=False, immediate=True, x_axis=False, force=True)
            self._placed_y, self._placed_token = self.scroll_target_y, None

    def _style(self, look: Look) -> Style:
        if look not in self._styles:
            self._styles[look] = self.get_component_rich_style(f"token-text--{look}")
        return self._styles[look]

    def _wrap_from(self, start: int, replaced: int) -> None:
        """Pieces from ``start`` on are new; so many were there before, and have lines."""
        lines_before = len(self._wrapper.lines)
        place = self._wrapper.rewind(start) if replaced else Place(start, 0)
        first_line = len(self._wrapper.lines) - 1
        for index in range(place.piece, len(self._pieces)):
            self._wrapper.append(self._pieces[index].text, index, place.offset if index == place.piece else 0)
        self._resize_virtual()
        self.refresh_lines(first_line, max(lines_before, len(self._wrapper.lines)) - first_line)

    def _refresh_looks(self, start: int, count: int) -> None:
        first = self._wrapper.line_at(Place(start, 0))
        self.refresh_lines(first, self._wrapper.line_at(Place(start + count, 0)) - first + 1)

    def _resize_virtual(self) -> None:
        lines, height = len(self._wrapper.lines), self.size.height
        lines = height if lines <= height else lines + -lines % _SCROLL_STEP
        size, before = Size(self._text_width, lines), self.virtual_size
        if size.width == before.width and min(lines, before.height) > height and self.show_vertical_scrollbar:
            self.set_reactive(TokenText.virtual_size, size)  # only the bar changes: no layout of the whole screen
            self.vertical_scrollbar.window_virtual_size = lines
        elif size != before:
            self.virtual_size = size
        if lines == height and self.scroll_y:
            self.scroll_home(animate=False, immediate=True, force=True)


def _token_of(piece: Piece) -> int:
    return -1 if piece.token is None else piece.token


def _without_trailing_blank(segments: list[Segment]) -> list[Segment]:
    """The blank that a line broke at has no look: no underline runs on into nothing."""
    if segments and segments[-1].text[-1:] == " ":
        text, style, _ = segments[-1]
        return [*segments[:-1], Segment(text.rstrip(" "), style)]
    return segments


def _common_start(old: Sequence[Piece], new: Sequence[Piece]) -> int:
    """How many pieces both begin with."""
    for index, (was, now) in enumerate(zip(old, new, strict=False)):
        if was != now:
            return index
    return min(len(old), len(new))
