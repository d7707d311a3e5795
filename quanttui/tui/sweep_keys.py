"""The keys of a sweep's plot and tables: each acts where one of them has the focus. Knows no Textual."""

from __future__ import annotations

from quanttui.tui.keys import MOVING, READING, Command


def _moves(name: str, keys: str, action: str, tooltip: str) -> Command:
    return Command(name, keys, action, tooltip.lower(), tooltip, MOVING, in_palette=False)


def _shows(name: str, keys: str, action: str, label: str, tooltip: str) -> Command:
    return Command(name, keys, action, label, tooltip, READING, in_palette=False)


SWEEP_FIGURE_COMMANDS = (
    _moves("sweep_left", "left,h", "move(-1, 0)", "Left: the variant of less memory, or the column before"),
    _moves("sweep_right", "right,l", "move(1, 0)", "Right: the variant of more memory, or the next column"),
    _moves("sweep_up", "up,k", "move(0, -1)", "Up: the variant above"),
    _moves("sweep_down", "down,j", "move(0, 1)", "Down: the variant below"),
    _moves("sweep_first", "home,g", "go(0)", "First variant"),
    _moves("sweep_last", "end,G,upper_g", "go(-1)", "Last variant"),
    _shows(
        "sweep_measure", "v", "measure", "measure", "Show mean KL, 1 − same top or the ln perplexity ratio, in turn"
    ),
    _shows("sweep_part", "w", "part", "text or suite", "Show the divergence on the text, or on the suite"),
    _shows("sweep_order", "s", "order", "order", "Order by memory, divergence or speed, in turn"),
)
