"""The app's own themes: calm, with one warm colour kept for differences and one cool one for where the focus is."""

from __future__ import annotations

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

OWN = (DARK, LIGHT)
CYCLE = (DARK.name, LIGHT.name, "ansi-dark", "ansi-light")


def next_theme(name: str) -> str:
    """The theme after ``name`` in the cycle of ``t``."""
    return CYCLE[(CYCLE.index(name) + 1) % len(CYCLE)] if name in CYCLE else CYCLE[0]
