"""The strip: one cell a token, as high as the two models are apart there. Knows a Score, no engine and no output."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from quanttui.records import FlipKind, Score, TokenScore
from quanttui.tui.bindings import bindings_of
from quanttui.tui.shading import FLIP_GLYPHS, LEVEL_GLYPHS, band_of, is_notable, level_of
from quanttui.tui.widget_keys import STRIP_COMMANDS
from quanttui.tui.widgets.strip_layout import LINES_PER_ROW, StripLayout

NOTHING_YET = "Nothing measured yet: bars appear when both models have answered."


class DivergenceStrip(ScrollView, can_focus=True):
    """Bars of KL(reference‖candidate), token by token, and below them a mark at each flip.

    Moving the cursor repaints the two cells it leaves and the two it enters, nothing else.
    """

    DEFAULT_CSS = """
    DivergenceStrip {
        height: auto;
        max-height: 8;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        background: transparent;

        & .divergence-strip--calm { color: $text-muted; }
        & .divergence-strip--slight { color: $text-success; }
        & .divergence-strip--visible { color: $text-warning; }
        & .divergence-strip--strong { color: $text-error; text-style: bold; }
        & .divergence-strip--tie { color: $text-muted; }
        & .divergence-strip--real { color: $text-error; text-style: bold; }
        & .divergence-strip--gutter { color: $text-muted; }
        & .divergence-strip--cursor {
            color: $block-cursor-blurred-foreground;
            background: $block-cursor-blurred-background;
            text-style: bold underline;
        }
        &:focus .divergence-strip--cursor {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
        }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"divergence-strip--{name}"
        for name in ("calm", "slight", "visible", "strong", "tie", "real", "gutter", "cursor")
    }

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(STRIP_COMMANDS)

    cursor: reactive[int] = reactive(0, repaint=False)
    """Index of the token under the cursor, 0 = the first scored token."""

    @dataclass
    class CursorMoved(Message):
        """The cursor stands on ``token``, the ``index``-th scored one; ``rank`` 1 is the worst of the text, set while
        the worst are walked through."""

        strip: DivergenceStrip
        index: int
        token: TokenScore
        rank: int | None

        @property
        def position(self) -> int:
            """Position in prompt + continuation."""
            return self.token.position

        @property
        def control(self) -> DivergenceStrip:
            return self.strip

    @dataclass
    class Hinted(Message):
        """A key found nothing to do; ``words`` say why, and may be raw."""

        words: str

    def __init__(self) -> None:
        super().__init__()
        self._tokens: tuple[TokenScore, ...] = ()
        self._levels: list[int] = []
        self._notable: list[int] = []
        self._ranking: list[int] = []
        self._note = NOTHING_YET
        self._layout = StripLayout(0, 1)
        self._walk_rank: int | None = None

    @property
    def token(self) -> TokenScore | None:
        """The token under the cursor, None where there is none."""
        return self._tokens[self.cursor] if self._tokens else None

    def set_score(self, score: Score | None, note: str = NOTHING_YET) -> None:
        """Show another text; ``note`` is said where there is none. The cursor starts at the first notable token."""
        self._take(score)
        self._note = note
        self.scroll_to(y=0, animate=False)
        start = self._notable[0] if self._notable else 0
        self.set_reactive(DivergenceStrip.cursor, start)
        self._lay_out()
        self.refresh(layout=True)
        if self._tokens:
            self._announce(None)

    def _take(self, score: Score | None) -> None:
        self._tokens = score.tokens if score else ()
        noise = score.noise_floor.mean if score else 0.0
        self._levels = [level_of(token.kl_divergence, noise) for token in self._tokens]
        self._notable = [index for index, token in enumerate(self._tokens) if is_notable(token, noise)]
        self._ranking = sorted(range(len(self._tokens)), key=lambda index: -self._tokens[index].kl_divergence)

    # -- where things are

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, StripLayout(len(self._tokens), width - 1).lines)

    def on_resize(self) -> None:
        self._lay_out()
        self._refresh_scrollbars()  # Textual decides on them before a grown widget has its height
        self._keep_cursor_in_sight()

    def _lay_out(self) -> None:
        """A column is kept for the scroll bar, shown or not, so that rows do not change when it comes."""
        width = self.scrollable_content_region.width - (not self.show_vertical_scrollbar)
        self._layout = StripLayout(len(self._tokens), max(1, width))
        self.virtual_size = Size(width, max(1, self._layout.lines))
        self.refresh()

    def _keep_cursor_in_sight(self) -> None:
        if self._tokens:
            _, line = self._layout.cell(self.cursor)
            self.scroll_to_region(Region(0, line, 1, LINES_PER_ROW), animate=False, force=True)

    # -- painting

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if not self._tokens:
            text = self._note if y == 0 else ""
            return self._strip([Segment(text, self._style("calm"))], width)
        line = y + self.scroll_offset.y
        if line >= self._layout.lines:
            return Strip.blank(width, self.rich_style)
        row, is_marks = divmod(line, LINES_PER_ROW)
        gutter = self._layout.gutter_text(row) if not is_marks else " " * self._layout.gutter
        cells = [self._mark(i) if is_marks else self._bar(i) for i in self._layout.row(row)]
        return self._strip([Segment(gutter, self._style("gutter")), *_joined(cells)], width)

    def _strip(self, segments: list[Segment], width: int) -> Strip:
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _bar(self, index: int) -> tuple[str, Style]:
        level = self._levels[index]
        name = "cursor" if index == self.cursor else band_of(level).value
        return LEVEL_GLYPHS[level], self._style(name)

    def _mark(self, index: int) -> tuple[str, Style]:
        flip = self._tokens[index].flip
        if index == self.cursor:
            return FLIP_GLYPHS[flip], self._style("cursor")
        return FLIP_GLYPHS[flip], self._style("real" if flip is FlipKind.REAL else "tie")

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"divergence-strip--{name}")

    # -- moving

    def validate_cursor(self, index: int) -> int:
        return min(max(index, 0), max(len(self._tokens) - 1, 0))

    def watch_cursor(self, old: int, new: int) -> None:
        if not self._tokens or old == new:
            return
        for index in (old, new):
            x, line = self._layout.cell(index)
            self.refresh(Region(x, line - self.scroll_offset.y, 1, LINES_PER_ROW))
        self._keep_cursor_in_sight()

    def move_to(self, index: int, rank: int | None = None) -> None:
        """Put the cursor on a token and tell where it stands. Beyond the ends means the end."""
        before, self.cursor = self.cursor, index
        if self._tokens and (self.cursor != before or rank is not None):
            self._announce(rank)

    def _announce(self, rank: int | None) -> None:
        self.post_message(self.CursorMoved(self, self.cursor, self._tokens[self.cursor], rank))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a text no key acts, and the footer does not offer any."""
        own = {"move", "move_row", "row_start", "row_end", "first", "last", "notable", "worst"}
        return bool(self._tokens) if action in own else super().check_action(action, parameters)

    def action_move(self, steps: int) -> None:
        self.move_to(self.cursor + steps)

    def action_move_row(self, rows: int) -> None:
        self.move_to(self._layout.below(self.cursor, rows))

    def action_row_start(self) -> None:
        self.move_to(self._layout.row(self._layout.row_of(self.cursor)).start)

    def action_row_end(self) -> None:
        self.move_to(self._layout.row(self._layout.row_of(self.cursor)).stop - 1)

    def action_first(self) -> None:
        self.move_to(0)

    def action_last(self) -> None:
        self.move_to(len(self._tokens) - 1)

    def action_notable(self, direction: int) -> None:
        """The nearest notable token that way, around the end if need be."""
        if not self._notable:
            self.post_message(self.Hinted("no token stands out: small bars all, and no real flip"))
            return
        beyond = [index for index in self._notable[::direction] if (index - self.cursor) * direction > 0]
        self.move_to(beyond[0] if beyond else self._notable[::direction][0])

    def action_worst(self) -> None:
        """The token with the largest KL; from there the next largest, and so on."""
        rank = self._ranking.index(self.cursor)
        walking = self._walk_rank == rank + 1
        target = (rank + 1) % len(self._ranking) if walking else 0
        self._walk_rank = target + 1
        self.move_to(self._ranking[target], rank=target + 1)

    def on_click(self, event: events.Click) -> None:
        index = self._layout.index_at(event.x, event.y + self.scroll_offset.y)
        if index is not None:
            self.move_to(index)


def _joined(cells: list[tuple[str, Style]]) -> list[Segment]:
    """Neighbours of one style as one segment: fewer bytes, fewer objects."""
    return [
        Segment("".join(glyph for glyph, _ in group), style)
        for style, group in groupby(cells, key=lambda cell: cell[1])
    ]
