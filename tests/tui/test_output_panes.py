"""Output panes under text that no terminal likes, under folding, and under resizing: borders straight, places kept."""

from __future__ import annotations

import unicodedata

import pyte
import pytest
from scripted_app import finish, make_app, pane_text, running, screen_text, status
from textual.pilot import Pilot

from quanttui.engine.scripted import Script, script_of
from quanttui.records import Precision, Variant
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.services import InitialChoices
from quanttui.tui.widgets.output_pane import OutputPane
from quanttui.tui.widgets.prompt_editor import PromptEditor

NF4 = InitialChoices(prompt="👨\u200d👩\u200d👧 की \u0301 שלום", candidates=(Variant(Precision.NF4),))
STRANGE = (
    *("Once", " upon", "\t", "a", " tab", "\r", " 日本語", "の", "文章", "。", " 한국어", " שלום", " עולם", " مرحبا"),
    *(
        " 👨\u200d👩\u200d👧",
        " 🇩🇪",
        "🇫🇷",
        " 👍🏽",
        "\u0301",
        "\u0301e\u0301",
        " हिन्दी",
        " தமிழ்",
        " ไทย",
        " ❤\ufe0f",
        "1\ufe0f\u20e3",
    ),
    *(
        "\u202e",
        "\u200b",
        "\u00a0",
        "\u3000",
        "☰",
        "㉈",
        "\u3164",
        "x" * 300,
        "字" * 90,
        "e\u0301" * 60,
        "\n",
        "\n",
        " end",
    ),
)
LONG = [f" word{n}" for n in range(98)]
PARTED = [*LONG[:90], " other", *LONG[91:]]
BORDERS = frozenset("│┃╮╯╭╰╻╹┓┛┐┘▕▏")


def screen_of(app: QuantTuiApp) -> pyte.Screen:
    """The app's screen as a terminal shows it that measures characters by itself."""
    width, height = app.size
    screen = pyte.Screen(width, height)
    stream = pyte.Stream(screen)
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        stream.feed(f"\x1b[{y + 1};1H")
        # one by one: behind a mark that pyte does not know it drops what is left of the same call
        for letter in strip.text:
            stream.feed(letter)
    return screen


async def run_script(pilot: Pilot[None]) -> QuantTuiApp:
    app = pilot.app
    assert isinstance(app, QuantTuiApp)
    await pilot.press("f5")
    await finish(pilot)
    await pilot.pause()
    return app


def app_of(ours: list[str], theirs: list[str]) -> QuantTuiApp:
    script: Script = script_of({"bf16": ours, "nf4": theirs})
    return make_app(script, choices=NF4)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_borders_stay_straight_whatever_the_text_is(size: tuple[int, int]) -> None:
    theirs = [*STRANGE[:9], " 違う", *reversed(STRANGE[9:])]
    async with running(app_of(list(STRANGE), theirs), size) as pilot:
        app = await run_script(pilot)
        for key in ("g", "pagedown", "G", "U", "g"):
            await pilot.press(key)
            await pilot.pause()
            screen = screen_of(app)
            assert not [c for c in screen_text(app) if unicodedata.category(c) == "Mc" or c in "\ufe0f🇩🏽"]
            for pane in (*app.main.query(OutputPane), app.main.query_one(PromptEditor)):
                region = pane.region
                for y in range(region.y, region.bottom):
                    edges = screen.buffer[y][region.x].data, screen.buffer[y][region.right - 1].data
                    assert set(edges) <= BORDERS, (key, y, edges, screen.display[y])


async def test_folding_brings_the_differences_together_in_both_panes_and_copies_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copied: list[str] = []
    async with running(app_of(LONG, PARTED)) as pilot:
        app = await run_script(pilot)
        await pilot.press("u")
        await pilot.pause()
        for pane, word in (("reference", "word90"), ("candidate", "other")):
            text = pane_text(app, pane)
            assert "equal tokens ···" in text
            assert f"▶{word}" in text
        monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
        await pilot.press("y", "u")
        await pilot.pause()
        assert "equal tokens" not in pane_text(app, "reference")
        assert "▶word90" in pane_text(app, "reference")
        assert copied == ["".join(PARTED)]


async def test_a_cursor_in_a_folded_stretch_opens_it_in_both_panes() -> None:
    async with running(app_of(LONG, PARTED)) as pilot:
        app = await run_script(pilot)
        await pilot.press("u", "7", "g", *["right"] * 12)
        await pilot.pause()
        app.main.paint()
        await pilot.pause()
        assert app.main.token_under_cursor() == 12
        for pane in ("reference", "candidate"):
            assert "word12 " in pane_text(app, pane)


async def test_texts_that_share_nothing_say_so_until_all_is_painted() -> None:
    async with running(app_of(LONG, [*LONG[:4], *(f" x{n}" for n in range(80))])) as pilot:
        app = await run_script(pilot)
        pane = app.main.query_one("#candidate", OutputPane)
        assert "hardly anything shared from 5: not painted" in str(pane.border_subtitle)
        looks = {piece.look for piece in pane.text._pieces}
        assert "differs" not in looks
        await pilot.press("U")
        await pilot.pause()
        assert "differs" in {piece.look for piece in pane.text._pieces}
        assert "not painted" not in str(pane.border_subtitle)


async def test_texts_that_differ_in_trailing_whitespace_say_so() -> None:
    async with running(app_of(LONG[:9], [*LONG[:9], " ", "\n"])) as pilot:
        app = await run_script(pilot)
        assert "trailing whitespace only" in str(app.main.query_one("#candidate", OutputPane).border_subtitle)
        assert "␣⏎" in pane_text(app, "candidate")
        await pilot.press("u")
        await pilot.pause()
        assert "long enough to fold" in status(app)


async def test_resizing_keeps_the_difference_that_was_jumped_to_in_view() -> None:
    async with running(app_of(LONG, PARTED)) as pilot:
        app = await run_script(pilot)
        await pilot.press("n")
        await pilot.pause()
        await pilot.resize_terminal(100, 40)
        await pilot.pause()
        assert "other" in pane_text(app, "candidate")
        assert "word90" in pane_text(app, "reference")
