"""Zooming: each pane fills the screen, and what it shows fits again once it is put back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scripted_app import finish, make_app, pane_text, running, screen_text
from textual.pilot import Pilot

from quanttui.engine.scripted import script_of
from quanttui.records import Precision, Variant
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.services import InitialChoices
from quanttui.tui.widgets.header_line import HeaderLine

LONG = {
    "bf16": " they were very extraordinarily-happy, and-afterwards then" * 80,
    "nf4": " they were very extraordinarily-sad, and-afterwards then" * 80,
}
NF4 = InitialChoices(candidates=(Variant(Precision.NF4),))
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


async def run(pilot: Pilot[None]) -> QuantTuiApp:
    app = pilot.app
    assert isinstance(app, QuantTuiApp)
    await pilot.press("f5")
    await finish(pilot)
    return app


async def zoom(pilot: Pilot[None]) -> None:
    """By the action itself, as ``z`` is a letter in the prompt."""
    assert isinstance(pilot.app, QuantTuiApp)
    pilot.app.main.action_zoom()
    await pilot.pause()


@SIZES
async def test_every_pane_fills_the_screen_and_goes_back(size: tuple[int, int]) -> None:
    async with running(make_app(), size) as pilot:
        app = await run(pilot)
        for key in "1245673":
            await pilot.press(key)
            await pilot.pause()
            before = [widget.region for widget in app.main.query(".pane")]
            await zoom(pilot)
            pane = app.main.maximized
            assert pane is not None, key
            assert pane.size.width >= size[0] - 4
            assert pane.outer_size.height == size[1] - 3
            assert app.main.query_one(HeaderLine).region.height == 1, "the hardware stays in view"
            await zoom(pilot)
            assert [widget.region for widget in app.main.query(".pane")] == before, key


async def test_the_zoomed_divergence_shows_both_lists_whole() -> None:
    async with running(make_app()) as pilot:
        app = await run(pilot)
        await pilot.press("7", "z")
        await pilot.pause()
        rows = [line for line in screen_text(app).split("\n") if " │ " in line and "%" in line]
        score = app.main.run_view.candidate.score
        assert len(rows) == len(score.tokens[0].reference_top)
        assert " strong" in screen_text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert app.main.maximized is None
        assert app.main.query_one("#reference").is_on_screen


@pytest.mark.parametrize(("tokens", "size"), [(400, (80, 24)), (400, (120, 40)), (100, (120, 40))])
async def test_an_output_is_wrapped_anew_when_it_is_zoomed_and_when_it_is_put_back(
    tokens: int, size: tuple[int, int]
) -> None:
    choices = replace(NF4, settings=replace(NF4.settings, max_new_tokens=tokens))
    async with running(make_app(script_of(LONG), choices=choices), size) as pilot:
        app = await run(pilot)
        for key, pane in (("4", "reference"), ("5", "candidate")):
            await pilot.press(key, "z", "home")
            await pilot.pause()
            lines = pane_text(app, pane).split("\n")
            assert max(len(line) for line in lines) > size[0] - 20
            await pilot.press("z", "home")
            await pilot.pause()
            words = pane_text(app, pane).split()
            assert len(words) > 30
            assert words == " ".join(lines).split()[: len(words)]
