"""The app's own themes: calm, with one warm colour kept for differences and one cool one for where the focus is."""

from __future__ import annotations

from collections.abc import Mapping

from textual.color import Color
from textual.theme import Theme

DARK = Theme(
    name="quanttui-dark",
    primary="#7fb4ca",
    secondary="#8d97ab",
    accent="#e6b673",
    warning="#e6b673",
    error="#e88388",
    success="#98bb8c",
    foreground="#d5d9e0",
    background="#14171c",
    surface="#1a1e25",
    panel="#232831",
    boost="#2b313c",
    dark=True,
    variables={
        "block-cursor-background": "#2b3644",
        "block-cursor-foreground": "#eef1f5",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#20262f",
        "block-cursor-blurred-foreground": "#d5d9e0",
        "block-cursor-blurred-text-style": "none",
        "input-selection-background": "#7fb4ca 30%",
        "scrollbar": "#333b47",
        "scrollbar-background": "#14171c",
        "border-quiet": "#3a424f",
        "muted": "#8d97ab",
        "faint": "#4a5362",
    },
)

LIGHT = Theme(
    name="quanttui-light",
    primary="#1d6a8a",
    secondary="#5d6675",
    accent="#9a5700",
    warning="#9a5700",
    error="#b02a37",
    success="#2f7043",
    foreground="#23272e",
    background="#fbfaf7",
    surface="#f4f2ed",
    panel="#e8e5de",
    boost="#dedad1",
    dark=False,
    variables={
        "block-cursor-background": "#d5e4ea",
        "block-cursor-foreground": "#14181d",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#ebe8e1",
        "block-cursor-blurred-foreground": "#23272e",
        "block-cursor-blurred-text-style": "none",
        "input-selection-background": "#1d6a8a 25%",
        "scrollbar": "#cfcabf",
        "scrollbar-background": "#fbfaf7",
        "border-quiet": "#c4bfb3",
        "muted": "#646c79",
        "faint": "#b9b3a6",
    },
)

# How far a shade stands from the background towards the text: readable, then still visible. A theme's own come first.
_SHADES = {"muted": 0.72, "border-quiet": 0.4, "faint": 0.35}

READABLE = 4.5
# A terminal's own colours: black and bright black can both be read on cyan, whatever the terminal makes of them.
_ANSI_CURSOR = {
    "block-cursor-foreground": "ansi_black",
    "block-cursor-background": "ansi_cyan",
    "block-cursor-blurred-text-style": "bold",
}
_WRITTEN = ("primary", "secondary", "accent", "warning", "error", "success")

OWN = (DARK, LIGHT)
CYCLE = (DARK.name, LIGHT.name, "ansi-dark", "ansi-light")


def shades_of(theme: Theme) -> dict[str, str]:
    """The variables that only our own themes have, made for any other."""
    if theme.ansi:
        return dict.fromkeys(_SHADES, "ansi_bright_black")
    made = theme.to_color_system().generate()
    back, text = Color.parse(made["background"]), Color.parse(made["foreground"])
    return {name: back.blend(text, share).hex6 for name, share in _SHADES.items()}


def readable(variables: Mapping[str, str], theme: Theme) -> dict[str, str]:
    """The colours that words are written in, as far towards the text's own as it takes to read them: some themes
    have an accent for surfaces only."""
    if theme.ansi:
        return _ANSI_CURSOR
    back, text = Color.parse(variables["background"]), Color.parse(variables["foreground"])
    return {name: _readable(Color.parse(variables[name]), back, text).hex6 for name in _WRITTEN}


def contrast(one: Color, other: Color) -> float:
    """Of two colours, 1 to 21: https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _readable(color: Color, back: Color, text: Color) -> Color:
    wanted = min(READABLE, contrast(text, back))
    tries = (color.blend(text, step / 10) for step in range(10))
    return next((tried for tried in tries if contrast(tried, back) >= wanted), text)


def _luminance(color: Color) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.normalized]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def next_theme(name: str) -> str:
    """The theme after ``name`` in the cycle of ``t``."""
    return CYCLE[(CYCLE.index(name) + 1) % len(CYCLE)] if name in CYCLE else CYCLE[0]
