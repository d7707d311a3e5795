"""Panes, and the pages that hold them where the terminal is too small for all of them at once."""

from __future__ import annotations

from enum import StrEnum


class Pane(StrEnum):
    MODEL = "model"
    VARIANTS = "variants"
    PROMPT = "prompt"
    REFERENCE = "reference"
    CANDIDATE = "candidate"
    MEMORY = "memory"
    SETTINGS = "settings"
    DIVERGENCE = "divergence"
    RESULTS = "results"


class Page(StrEnum):
    SETUP = "setup"
    OUTPUTS = "outputs"
    MEMORY = "memory"
    DIVERGENCE = "divergence"
    RESULTS = "results"


NUMBERED = (
    Pane.MODEL,
    Pane.VARIANTS,
    Pane.PROMPT,
    Pane.REFERENCE,
    Pane.CANDIDATE,
    Pane.MEMORY,
    Pane.DIVERGENCE,
    Pane.RESULTS,
)
PAGE_OF = {
    Pane.MODEL: Page.SETUP,
    Pane.VARIANTS: Page.SETUP,
    Pane.PROMPT: Page.SETUP,
    Pane.SETTINGS: Page.SETUP,
    Pane.REFERENCE: Page.OUTPUTS,
    Pane.CANDIDATE: Page.OUTPUTS,
    Pane.MEMORY: Page.MEMORY,
    Pane.DIVERGENCE: Page.DIVERGENCE,
    Pane.RESULTS: Page.RESULTS,
}

# The command whose key leads to a pane.
COMMAND_OF = {pane: pane.value for pane in Pane} | {
    Pane.REFERENCE: "reference_output",
    Pane.CANDIDATE: "candidate_output",
}
TAB_NAMES = {pane: pane.title() for pane in NUMBERED} | {Pane.REFERENCE: "Ref"}
SMALL_COLUMNS, SMALL_ROWS = 80, 24
"""What the pages are made for; below either the app says that its window is small."""

WIDE_COLUMNS, WIDE_ROWS = 112, 38
"""Below either, the figures and the microscope would leave a pair of outputs less than four lines of text."""
HUGE_COLUMNS, HUGE_ROWS = 160, 45


def is_small(columns: int, rows: int) -> bool:
    return columns < SMALL_COLUMNS or rows < SMALL_ROWS


def output_room(columns: int, rows: int) -> int:
    """How many outputs stand side by side, or one above the other."""
    return 3 if layout_class(columns, rows) == "huge" else 2


def layout_class(columns: int, rows: int) -> str:
    """ "narrow": one page at a time; "wide": all panes; "huge": all panes with room to spare."""
    if columns < WIDE_COLUMNS or rows < WIDE_ROWS:
        return "narrow"
    return "huge" if columns >= HUGE_COLUMNS and rows >= HUGE_ROWS else "wide"
