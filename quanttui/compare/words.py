"""Where words end between tokens, and whitespace that differs made visible. Pure functions on pieces of text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from quanttui.text import SPACE

_LONGEST_WORD = 12
_SPACES = re.compile(r"\s+")
# Scripts without spaces between words: one more token would never be the last.
_UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3000, 0x9FFF), (0xF900, 0xFAFF))
_GLYPHS = {" ": SPACE, "\t": "→   ", "\n": "⏎\n", "\u3000": "⍽ "}


def is_one_word(before: str, after: str) -> bool:
    """Whether two pieces that follow each other are parts of one word: letters and digits on both sides of the
    seam, an apostrophe between letters, or the beginning of a character that ``after`` completes."""
    if not before or not after:
        return not before
    if after[0] in "'’":
        return _is_letter(before[-1]) and _is_letter(after[1:2])
    if before[-1] in "'’":
        return _is_letter(before[-2:-1]) and _is_letter(after[0])
    return _is_letter(before[-1]) and (_is_letter(after[0]) or bool(unicodedata.combining(after[0])))


def word_start(pieces: Sequence[str], index: int) -> int:
    """The piece that the word which piece ``index`` belongs to begins in. Nothing longer than 12 pieces is a word."""
    start = index
    while start and index - start < _LONGEST_WORD and is_one_word(pieces[start - 1], pieces[start]):
        start -= 1
    return start


def word_stop(pieces: Sequence[str], index: int) -> int:
    """The piece behind the last one of the word that piece ``index`` belongs to."""
    stop = index + 1
    while stop < len(pieces) and stop - index < _LONGEST_WORD and is_one_word(pieces[stop - 1], pieces[stop]):
        stop += 1
    return stop


def show_spaces(text: str) -> str:
    """Every blank of ``text`` as a glyph, as wide as the blank itself: ␣ a space, → a tab, ⏎ before a newline, ⍽ any
    other (no-break, thin, ideographic)."""
    return "".join(_GLYPHS.get(letter) or ("⍽" if unicodedata.category(letter) == "Zs" else letter) for letter in text)


def differing_spaces(ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """``ours``, pieces of one difference, with the blanks that differ from ``theirs`` as glyphs.

    Texts with the same letters: all of their blanks. Others: blanks other than one space between two words, newlines
    too, and those at an end where both have the same word but not the same blank.
    """
    text, other = "".join(ours), "".join(theirs)
    if "".join(text.split()) == "".join(other.split()):
        return [show_spaces(piece) for piece in ours]
    marked = _differing_runs(text, other)
    shown, at = [], 0
    for piece in ours:
        shown.append("".join(show_spaces(c) if at + i in marked else c for i, c in enumerate(piece)))
        at += len(piece)
    return shown


def _differing_runs(text: str, other: str) -> set[int]:
    """Where in ``text`` the blanks stand that differ."""
    words, others = text.split() or [""], other.split() or [""]
    marked: set[int] = set()
    for run in _SPACES.finditer(text):
        blank = run[0]
        at_start = not run.start() and words[0] == others[0] and not other.startswith(blank)
        at_end = run.end() == len(text) and words[-1] == others[-1] and not other.endswith(blank)
        if blank != " " or at_start or at_end:
            marked.update(range(*run.span()))
    return marked


def _is_letter(letter: str) -> bool:
    return letter.isalnum() and not any(first <= ord(letter) <= last for first, last in _UNSPACED)
