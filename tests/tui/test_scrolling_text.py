"""``TokenText``: what it wraps has to fit beside its scroll bar, whenever that comes and goes."""

from __future__ import annotations

from scripted_app import finish, make_app, pane_text, running
from textual.app import App, ComposeResult
from textual.widgets import Static

from quanttui.engine.scripted import script_of
from quanttui.records import Precision, Variant
from quanttui.tui.services import InitialChoices
from quanttui.tui.state.looks import Look
from quanttui.tui.state.painting import Piece
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


async def test_a_finished_run_stands_where_the_texts_part() -> None:
    words = [f" word{n}" for n in range(120)]
    parted = [*words[:9], " other", *words[10:]]
    only_nf4 = InitialChoices(candidates=(Variant(Precision.NF4),))
    app = make_app(script_of({"bf16": words, "nf4": parted}), choices=only_nf4)
    async with running(app, size=(120, 40)) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        await pilot.pause()
        assert "word9" in pane_text(app, "reference")
        assert "other" in pane_text(app, "candidate")


async def test_resizing_keeps_what_stands_at_the_top() -> None:
    async with _Page().run_test(size=(40, 8)) as pilot:
        text = pilot.app.query_one(TokenText)
        text.show([Piece(f"word{n} ", Look.SAME, n) for n in range(200)])
        await pilot.pause()
        text.scroll_to(y=9, animate=False, immediate=True)
        top = text.render_line(0).text.split()[0]
        text.styles.width = 30
        await pilot.pause()
        assert top in text.render_line(0).text
        text.styles.width = 40
        await pilot.pause()
        assert text.render_line(0).text.split()[0] == top
