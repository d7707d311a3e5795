"""Token pieces as a reader can tell them apart: spaces, newlines, half characters and nothing at all made visible.

Pure text; knows cells of a terminal, but no widget and no colour.
"""

from __future__ import annotations

import re
import unicodedata

from rich.cells import cell_len, chop_cells

from quanttui.text import safe_line

SPACE = "␣"
EMPTY = "∅"
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
# A selector changes the width of what stands before it, in some terminals only: columns would shift.
_VARIATION_SELECTORS = dict.fromkeys([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])


def visible_piece(piece: str) -> str:
    """One token on one line, every character of it to be seen.

    Spaces become ␣, newlines ⏎, tabs →, other controls their pictures. A byte-fallback token ``<0xE2>`` and the
    replacement characters that a part of a character decodes to stand in ‹›; a piece of no text is ∅.
    """
    if not piece:
        return EMPTY
    if byte := _BYTE.fullmatch(piece):
        return f"‹0x{byte[1].upper()}›"
    if not piece.strip("\ufffd"):
        return f"‹{piece}›"
    return visible_run(piece).replace(" ", SPACE)


def visible_run(text: str) -> str:
    """Running text on one line: as ``visible_piece``, but spaces stay spaces, so that words stay words."""
    shown = safe_line(text).translate(_VARIATION_SELECTORS)
    if shown and unicodedata.combining(shown[0]):
        return "◌" + shown
    return shown


def fit(text: str, width: int, *, from_end: bool = False) -> str:
    """``text`` in exactly ``width`` cells: padded, or cut with … (at its start with ``from_end``, and then flush
    right). A wide character that would stand across the edge gives way to a space."""
    if width <= 0:
        return ""
    space = width - cell_len(text)
    if space >= 0:
        return " " * space + text if from_end else text + " " * space
    if from_end:
        kept = _reversed_head(text, width - 1)
        return "…" + " " * (width - 1 - cell_len(kept)) + kept
    kept = _head(text, width - 1)
    return kept + "…" + " " * (width - 1 - cell_len(kept))


def _head(text: str, width: int) -> str:
    return chop_cells(text, width)[0] if width > 1 else ""


def _reversed_head(text: str, width: int) -> str:
    """The longest end of ``text`` that fits in ``width`` cells."""
    start, used = len(text), 0
    while start and (used := used + cell_len(text[start - 1])) <= width:
        start -= 1
    return text[start:]
