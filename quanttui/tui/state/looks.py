"""Which look each token of a text has: what differs, out to whole words, and where the marks stand. No width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from quanttui.compare.reading import Reading
from quanttui.compare.words import differing_spaces, is_one_word, word_start, word_stop
from quanttui.records import DiffSpan, Token
from quanttui.tui.state.variant_view import VariantView

MARK = "▶"
APART = "▷"
MISSING = "‸"
_NEAR = 16


class Look(StrEnum):
    """What a piece is. The value names the component class that paints it."""

    PROMPT = "prompt"
    SAME = "same"
    DIFFERS = "differs"
    EXACT = "exact"
    CURRENT = "current"
    MARK = "mark"
    CURSOR = "cursor"
    FOLD = "fold"


@dataclass(frozen=True, slots=True)
class Mark:
    """``before_blank``: it stands where something is missing, not at the word that follows."""

    glyph: str
    look: Look
    before_blank: bool


@dataclass
class Looks:
    """By token: its look where that is not plain, its text where blanks differ, the mark that stands before it."""

    of: dict[int, Look] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    marks: dict[int, Mark] = field(default_factory=dict)


def side(span: DiffSpan, *, is_reference: bool) -> tuple[int, int]:
    return span.reference if is_reference else span.candidate


def lay_looks(
    view: VariantView,
    reading: Reading,
    current: DiffSpan | None,
    other: Sequence[Token],
    start: int,
    *,
    paints_all: bool,
) -> Looks:
    """Of the tokens from ``start`` on, which has to be the first of a word. Where the texts share nothing only the
    mark is painted, unless ``paints_all``."""
    looks = Looks()
    for number, span in enumerate(reading.differences):
        first, stop = side(span, is_reference=view.is_reference)
        if stop < start - _NEAR:
            continue
        look = Look.CURRENT if span == current else Look.DIFFERS
        unpainted = span is reading.apart and not paints_all
        if number == 0 or unpainted or first == stop:
            looks.marks[first] = _mark(number, look, unpainted=unpainted, missing=first == stop)
        if not unpainted:
            _paint(looks, view, span, look, other)
    return looks


def _mark(number: int, look: Look, *, unpainted: bool, missing: bool) -> Mark:
    """▶ where the texts part first, ▷ from where on they share nothing, ‸ where the other side has more."""
    glyph = MARK if number == 0 else APART if unpainted else MISSING
    own_look = Look.CURRENT if look is Look.CURRENT and (unpainted or missing) else Look.MARK
    return Mark(glyph, own_look, missing)


def _paint(looks: Looks, view: VariantView, span: DiffSpan, look: Look, other: Sequence[Token]) -> None:
    first, stop = side(span, is_reference=view.is_reference)
    across = side(span, is_reference=not view.is_reference)
    texts = differing_spaces(_texts(view.tokens, first, stop), _texts(other, *across))
    looks.texts.update(zip(range(first, stop), texts, strict=False))
    looks.of.update(dict.fromkeys(range(first, stop), look))
    for seam, seam_across in {(first, across[0]), (stop, across[1])}:
        _paint_word(looks, view.tokens, seam, look, range(first, stop), is_split=_is_in_word(other, seam_across))


def _paint_word(
    looks: Looks, tokens: Sequence[Token], seam: int, look: Look, differing: range, *, is_split: bool
) -> None:
    """The rest of the word at an end of a difference looks different too, and what differs in it is stronger; also
    where only the other text's word goes on across the seam (``is_split``)."""
    base = max(0, seam - _NEAR)
    pieces, at = _texts(tokens, base, seam + _NEAR), seam - base
    whole = 0 < at < len(pieces) and is_one_word(pieces[at - 1], pieces[at])
    if not whole and not is_split:
        return
    start = word_start(pieces, at - 1) if at and (whole or seam == differing.start) else at
    stop = word_stop(pieces, at) if at < len(pieces) and (whole or seam == differing.stop > differing.start) else at
    within = Look.EXACT if look is Look.DIFFERS and whole else look
    for index in range(base + start, base + stop):
        looks.of[index] = within if index in differing else looks.of.get(index, look)


def _is_in_word(tokens: Sequence[Token], seam: int) -> bool:
    return 0 < seam < len(tokens) and is_one_word(tokens[seam - 1].text, tokens[seam].text)


def _texts(tokens: Sequence[Token], start: int, stop: int) -> list[str]:
    return [token.text for token in tokens[start:stop]]
