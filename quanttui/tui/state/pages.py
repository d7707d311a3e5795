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


class Page(StrEnum):
    SETUP = "setup"
    OUTPUTS = "outputs"
    MEMORY = "memory"
    DIVERGENCE = "divergence"


NUMBERED = (Pane.MODEL, Pane.VARIANTS, Pane.PROMPT, Pane.REFERENCE, Pane.CANDIDATE, Pane.MEMORY, Pane.DIVERGENCE)
PAGE_OF = {
    Pane.MODEL: Page.SETUP,
    Pane.VARIANTS: Page.SETUP,
    Pane.PROMPT: Page.SETUP,
    Pane.SETTINGS: Page.SETUP,
    Pane.REFERENCE: Page.OUTPUTS,
    Pane.CANDIDATE: Page.OUTPUTS,
    Pane.MEMORY: Page.MEMORY,
    Pane.DIVERGENCE: Page.DIVERGENCE,
}

# The command whose key leads to a pane.
COMMAND_OF = {pane: pane.value for pane in Pane} | {
    Pane.REFERENCE: "reference_output",
    Pane.CANDIDATE: "candidate_output",
}
TAB_NAMES = {pane: pane.title() for pane in NUMBERED}

WIDE_COLUMNS, WIDE_ROWS = 112, 38
"""Below either, the figures and the microscope would leave a pair of outputs less than four lines of text."""
HUGE_COLUMNS, HUGE_ROWS = 160, 45


def layout_class(columns: int, rows: int) -> str:
    """ "narrow": one page at a time; "wide": all panes; "huge": all panes with room to spare."""
    if columns < WIDE_COLUMNS or rows < WIDE_ROWS:
        return "narrow"
    return "huge" if columns >= HUGE_COLUMNS and rows >= HUGE_ROWS else "wide"
