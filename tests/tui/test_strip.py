"""The strip's keys, what it posts, and how little it repaints."""

from __future__ import annotations

from typing import Any

import pytest
from microscope_samples import MicroscopeApp, one_token_score, strange_score, summary, tale_score
from textual.geometry import Region

from quanttui.tui.shading import LEVEL_GLYPHS
from quanttui.tui.widgets.strip import DivergenceStrip

SIZE = (100, 30)


def strip_of(app: MicroscopeApp) -> DivergenceStrip:
    return app.query_one(DivergenceStrip)


async def test_keys_move_the_cursor() -> None:
    from_token_7 = {
        "right": 8,
        "left left": 5,
        "down": 97,
        "down up": 7,
        "G": 119,
        "G g": 0,
        "end": 89,
        "down home": 90,
        "g left up": 0,
        "n": 43,
        "n n n": 96,
        "n N": 7,
        "N": 111,
        "w": 78,
        "w w": 7,
        "w right w": 78,
    }
    app = MicroscopeApp(tale_score(), summary())
    async with app.run_test(size=SIZE) as pilot:
        reached = {}
        for keys in from_token_7:
            strip_of(app).move_to(7)
            await pilot.press("right", "left", *keys.split())
            reached[keys] = strip_of(app).cursor
        assert reached == from_token_7


async def test_the_cursor_says_where_it_stands_and_keeps_silent_where_it_stays() -> None:
    app = MicroscopeApp(tale_score())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        start = app.moves[-1]
        assert (start.index, start.position, start.rank) == (7, 12, None)
        await pilot.press("w", "w", "w")
        assert [(move.index, move.rank) for move in app.moves[-3:]] == [(78, 1), (7, 2), (111, 3)]
        await pilot.press("g")
        before = len(app.moves)
        await pilot.press("left", "home", "g", "up")
        assert len(app.moves) == before


async def test_a_click_goes_to_the_token_under_it() -> None:
    app = MicroscopeApp(tale_score())
    async with app.run_test(size=SIZE) as pilot:
        x, line = strip_of(app)._layout.cell(95)
        await pilot.click(DivergenceStrip, offset=(x, line + 1))
        assert strip_of(app).cursor == 95


async def test_moving_repaints_two_cells_of_bar_and_mark_each(monkeypatch: pytest.MonkeyPatch) -> None:
    app = MicroscopeApp(tale_score())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        regions: list[Any] = []
        strip = strip_of(app)
        monkeypatch.setattr(strip, "refresh", lambda *args, **_: regions.extend(args))
        strip.move_to(8)
        assert [region.size for region in regions] == [Region(0, 0, 1, 2).size] * 2


async def test_a_long_text_scrolls_to_the_cursor_and_a_resize_keeps_it_in_sight() -> None:
    app = MicroscopeApp(tale_score(2000))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("G")
        strip = strip_of(app)
        assert strip.cursor == 1999
        assert strip.scroll_offset.y == strip.virtual_size.height - strip.size.height > 0
        await pilot.resize_terminal(60, 24)
        _, line = strip._layout.cell(strip.cursor)
        assert strip.scroll_offset.y <= line < strip.scroll_offset.y + strip.size.height


async def test_bars_rise_with_the_divergence() -> None:
    app = MicroscopeApp(strange_score())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        bars = strip_of(app).render_line(0).text.strip()
        assert bars == "".join(sorted(bars, key=LEVEL_GLYPHS.index))
        assert strip_of(app).render_line(1).text.strip() == "▲   ▲   ▲   ▲"


async def test_without_a_text_no_key_acts_and_none_is_offered() -> None:
    app = MicroscopeApp(None)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("n", "w", "right", "G", "f")
        assert not app.moves
        assert not app.forced
        assert "Nothing measured yet" in strip_of(app).render_line(0).text
        assert not {"n", "w", "f"} & {key for key, active in app.screen.active_bindings.items() if active.enabled}


async def test_one_calm_token_has_a_cursor_that_stays_and_no_divergence_to_go_to() -> None:
    app = MicroscopeApp(one_token_score())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("right", "down", "w", "G", "n")
        assert strip_of(app).cursor == 0
        assert [hint.words for hint in app.hints] == ["no token stands out: small bars all, and no real flip"]
