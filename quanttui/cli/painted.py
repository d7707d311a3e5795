"""A candidate's text with what is not in the reference's painted: in colour, and in [brackets] for eyes without it."""

from __future__ import annotations

from rich.text import Text

from quanttui.compare.reading import Reading, read_diff
from quanttui.compare.words import differing_spaces, is_one_word, word_start, word_stop
from quanttui.records import CandidateResult, DiffSpan, Output
from quanttui.text import safe_text

_CHANGED = "bold underline yellow"
_MISSING = "[…]"


def plain_output(text: str) -> Text:
    """A model's text as data: nothing in it acts."""
    return Text(safe_text(text))


def reading_of(candidate: CandidateResult, reference: Output) -> Reading:
    return read_diff(candidate.diff, reference.pieces, candidate.output.pieces)


def difference_words(candidate: CandidateResult, reading: Reading) -> str:
    """Where the texts part, and whether the difference is marked in ``painted_output``."""
    if candidate.first_divergence is None:
        return "the same text as the reference"
    if reading.only_spaces:
        return f"differs from the reference in whitespace only, at token {candidate.first_divergence + 1}, [marked]"
    words = f"parts from the reference at token {candidate.first_divergence + 1}"
    if reading.apart is None:
        return f"{words}, [marked]"
    if reading.apart == reading.differences[0]:
        return f"{words}, hardly anything shared from there on: not marked"
    return f"{words}, [marked]; hardly anything shared from token {reading.apart.candidate[0] + 1} on: not marked"


def painted_output(candidate: CandidateResult, reference: Output, reading: Reading) -> Text:
    """[Brackets] around words that the reference has not got, […] where words of the reference are missing, ▷ where
    the texts begin to share nothing; blanks that differ are glyphs."""
    ours, painted, at = candidate.output.pieces, Text(), 0
    for span in reading.differences:
        start, stop = _whole_words(ours, span)
        painted.append(safe_text("".join(ours[at : max(at, start)])))
        if span == reading.apart:
            painted.append_text(_mark_before(safe_text("".join(ours[start:]))))
            return painted
        if start == stop:
            painted.append(_MISSING, _CHANGED)
        else:
            append_marked(painted, safe_text(_shown(ours, reference, span, max(at, start), stop)))
        at = max(at, stop)
    return painted.append(safe_text("".join(ours[at:])))


def append_marked(painted: Text, piece: str) -> None:
    """The blank before a word stays outside of its bracket."""
    words = piece.lstrip(" ")
    painted.append(piece[: len(piece) - len(words)])
    painted.append(f"[{words}]", _CHANGED)


def _mark_before(text: str) -> Text:
    words = text.lstrip(" ")
    return Text(text[: len(text) - len(words)]).append("▷", _CHANGED).append(words, "not bold")


def _whole_words(pieces: tuple[str, ...], span: DiffSpan) -> tuple[int, int]:
    """The candidate's tokens of ``span``, with the rest of the words that it begins and ends in."""
    start, stop = span.candidate
    if 0 < start < len(pieces) and is_one_word(pieces[start - 1], pieces[start]):
        start = word_start(pieces, start)
    if 0 < stop < len(pieces) and is_one_word(pieces[stop - 1], pieces[stop]):
        stop = word_stop(pieces, stop - 1)
    return start, stop


def _shown(ours: tuple[str, ...], reference: Output, span: DiffSpan, start: int, stop: int) -> str:
    first, last = span.candidate
    differing = differing_spaces(ours[first:last], reference.pieces[slice(*span.reference)])
    return "".join([*ours[start:first], *differing[max(0, start - first) :], *ours[last:stop]])
