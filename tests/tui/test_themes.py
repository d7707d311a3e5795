"""Themes: all that Textual has and our own, each readable, each reachable; the settings file knows their names."""

from __future__ import annotations

import os

import pytest
from scripted_app import finish, keys, make_app, pick, running, screen_text, status, until
from textual.color import Color
from textual.filter import Monochrome, NoColor
from textual.pilot import Pilot
from textual.theme import BUILTIN_THEMES

from quanttui.settings.values import THEMES
from quanttui.tui.services import InitialChoices
from quanttui.tui.theme import OWN, READABLE, contrast

COLOURED = [theme.name for theme in (*OWN, *BUILTIN_THEMES.values()) if not theme.ansi]


def test_the_settings_know_every_theme() -> None:
    assert set(THEMES) == make_app().available_themes.keys()


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast(Color.parse("#fff"), Color.parse("#000")) == pytest.approx(21)
    assert contrast(Color.parse("#777"), Color.parse("#fff")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", COLOURED)
def test_words_can_be_read_in_every_theme(name: str) -> None:
    app = make_app()
    app.theme = name
    variables = app.get_css_variables()
    written = ("primary", "accent", "warning", "error", "success")
    names = ("background", "foreground", "muted", "border-quiet", *written)
    made = {key: Color.parse(variables[key]) for key in names}
    back = made["background"]
    wanted = min(READABLE, contrast(made["foreground"], back))
    for key in written:
        assert contrast(made[key], back) >= wanted, key
    assert contrast(made["muted"], back) >= 2.5
    assert contrast(made["border-quiet"], back) >= 1.25


async def choose(pilot: Pilot[None], words: str, name: str) -> None:
    await pilot.pause()
    await pilot.press(*keys(words))
    await pick(pilot, name)
    await until(pilot, lambda: pilot.app.theme == name)


async def test_a_theme_is_found_in_the_palette_and_in_the_list_of_all() -> None:
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("ctrl+p")
        await choose(pilot, "theme nord", "nord")
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("T")
        await choose(pilot, "dracu", "dracula")


@pytest.mark.parametrize("name", ["ansi-dark", "ansi-light", "textual-light"])
async def test_differences_and_states_have_signs_besides_colour(name: str) -> None:
    app = make_app(choices=InitialChoices(theme=name))
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        shown = screen_text(app)
        for sign in ("▶sons", "✓ done", "☑ nf4", "● bf16", "▲"):
            assert sign in shown
        assert status(app).startswith("done")


async def test_no_color_leaves_no_colour_and_keeps_underline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app()
    assert app.no_color
    assert any(isinstance(each, Monochrome | NoColor) for each in app._filters)
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        strips = app.screen._compositor.render_strips()
        styles = [segment.style for strip in strips for segment in strip if segment.text.strip() and segment.style]
        greys = {style.color.triplet for style in styles if style.color and style.color.triplet}
        assert all(grey.red == grey.green == grey.blue for grey in greys)
        assert any(style.underline for style in styles)
    assert "NO_COLOR" in os.environ
