"""Untrusted text as a reader can tell it apart and every terminal measures it alike. Knows cells, but no widget.

What terminals measure differently stands for itself no longer (found by asking tmux, glibc, Rich and wcwidth for the
width of every assigned character): joined emoji fall apart into their parts, flags into circled letters, skin tones
into ○◔◑◕●, and a spacing vowel sign of an Indic script, which is one cell wide to tmux and none to Rich, into ◌.
Letters that run from right to left stay in logical order: whatever asks a terminal to reorder a line is shown as ⇄,
a terminal that reorders by itself does so line by line, and keeps the number of cells.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from rich.cells import cell_len, chop_cells

from quanttui.text import SPACE, safe_line, safe_text

EMPTY = "∅"
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
# A selector changes the width of what stands before it, in some terminals only: columns would shift.
_SELECTORS = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
_HIDDEN_SELECTORS = dict.fromkeys(_SELECTORS)
_SHOWN_SELECTORS = dict.fromkeys(_SELECTORS, "·")


def _measured_alike() -> dict[int, str]:
    """A stand-in for each character that is not as wide everywhere."""
    table: dict[int, str] = {0x1F1E6 + i: chr(0x24B6 + i) for i in range(26)}
    table.update({0x1F3FB + i: tone for i, tone in enumerate("○◔◑◕●")})
    table.update(dict.fromkeys([0x115F, 0x1160, 0x3164, 0xFFA0], "·"))
    # Unicode 16 made these wide
    widened = (range(0x2630, 0x2638), range(0x268A, 0x2690), range(0x4DC0, 0x4E00), range(0x1D300, 0x1D377))
    table.update({code: "□" for codes in (*widened, range(0x3248, 0x3250)) for code in codes})
    marks = (code for code in range(0x900, 0x1D200) if unicodedata.category(chr(code)) == "Mc")
    return {**table, **dict.fromkeys(marks, "◌")}


_STAND_INS = _measured_alike()


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
    shown = safe_line(text).translate(_STAND_INS).translate(_HIDDEN_SELECTORS)
    return "◌" + shown if shown and is_bare_mark(shown[0]) else shown


def visible_text(text: str, *, reveal: bool = False) -> str:
    """Running text on many lines. Its width is the sum of its characters' widths, wherever it is cut.

    One character for one, but for variation selectors: they are left out, or a dot each with ``reveal``.
    """
    if text.isascii():
        return safe_text(text)
    return safe_text(text).translate(_STAND_INS).translate(_SHOWN_SELECTORS if reveal else _HIDDEN_SELECTORS)


def is_bare_mark(letter: str) -> bool:
    return not letter.isascii() and cell_len(letter) == 0


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


def cut_middle(text: str, width: int, wanted: Collection[int] = ()) -> tuple[int, int]:
    """How many characters stay at the start and where the end that stays begins, so that both with … between them
    take ``width`` cells or one less; of a text that fits, all. The end gets more: that is where names differ; but of
    the characters at ``wanted`` as many stay as can."""
    if cell_len(text) <= width:
        return len(text), len(text)
    if wanted and width > 1 and cell_len(text) == len(text):
        left_out, usual = len(text) - width + 1, (width - 1) - (width - 1) * 3 // 5
        at = min(
            range(width),
            key=lambda start: (sum(start <= one < start + left_out for one in wanted), abs(start - usual)),
        )
        return at, at + left_out
    ending = _reversed_head(text, max(0, (width - 1) * 3 // 5))
    start = _head(text, max(0, width - 1 - cell_len(ending)))
    return len(start), len(text) - len(ending)


def _head(text: str, width: int) -> str:
    return chop_cells(text, width)[0] if width > 1 else ""


def _reversed_head(text: str, width: int) -> str:
    """The longest end of ``text`` that fits in ``width`` cells."""
    start, used = len(text), 0
    while start and (used := used + cell_len(text[start - 1])) <= width:
        start -= 1
    return text[start:]
