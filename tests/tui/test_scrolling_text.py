"""``TokenText``: what it wraps has to fit beside its scroll bar, whenever that comes and goes."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static

from quanttui.tui.state.painting import Look, Piece
from quanttui.tui.widgets.token_text import TokenText

WORDS = ("they were very happy, and they were very " * 12).split(" ")


class _Page(App[None]):
    CSS = "TokenText { height: 1fr; width: 40; } Static { height: 6; display: none; }"

    def compose(self) -> ComposeResult:
        yield TokenText()
        yield Static()


def _pieces(count: int) -> list[Piece]:
    return [Piece(f"{word} ", Look.SAME, at) for at, word in enumerate(WORDS[:count])]


def _lines(text: TokenText) -> list[str]:
    """What is painted beside the scroll bar, from the first line to the last."""
    lines = []
    for y in range(text.virtual_size.height):
        text.scroll_to(y=y, animate=False, immediate=True)
        line = text.render_line(y - text.scroll_offset.y).text
        lines.append(line[: text.scrollable_content_region.width])
    return lines


def _words(text: TokenText) -> list[str]:
    return " ".join(_lines(text)).split()


async def test_no_word_is_cut_where_the_scroll_bar_comes_while_text_streams() -> None:
    async with _Page().run_test(size=(40, 8)) as pilot:
        text = pilot.app.query_one(TokenText)
        for count in range(1, 96):
            text.show(_pieces(count))
            await pilot.pause()
        assert text.show_vertical_scrollbar
        assert _words(text) == WORDS[:95]


async def test_no_word_is_cut_where_the_pane_shrinks_and_the_scroll_bar_comes() -> None:
    async with _Page().run_test(size=(40, 13)) as pilot:
        text = pilot.app.query_one(TokenText)
        text.show(_pieces(80))
        await pilot.pause()
        assert not text.show_vertical_scrollbar
        pilot.app.query_one(Static).display = True
        await pilot.pause()
        assert text.show_vertical_scrollbar
        assert _words(text) == WORDS[:80]


async def test_no_word_is_cut_where_a_long_text_gives_way_to_another() -> None:
    async with _Page().run_test(size=(40, 8)) as pilot:
        text = pilot.app.query_one(TokenText)
        text.show(_pieces(90))
        await pilot.pause()
        text.show(())
        await pilot.pause()
        text.show(_pieces(90)[5:])
        await pilot.pause()
        text.show(_pieces(3))
        text.show(_pieces(80))
        await pilot.pause()
        assert _words(text) == WORDS[:80]
