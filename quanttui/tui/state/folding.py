"""Which equal stretches of two texts are folded away. Token indices and pieces of text; knows no width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quanttui.compare.reading import Reading
from quanttui.compare.words import word_start
from quanttui.records import DiffOp

_KEPT = 6
_WORTH_FOLDING = 16
_NEAR = 6


@dataclass(frozen=True, slots=True)
class Fold:
    """Tokens [start, stop) of the reference, and the same tokens of the candidate."""

    reference: tuple[int, int]
    candidate: tuple[int, int]

    @property
    def count(self) -> int:
        return self.reference[1] - self.reference[0]


def folds_of(reading: Reading, pieces: Sequence[str], cursor: int | None = None) -> tuple[Fold, ...]:
    """The stretches of equal tokens that hide more than about two lines. 6 tokens of each stay to either side of a
    difference, and whole words; a stretch with the ``cursor`` in it stays open.

    ``pieces`` and ``cursor``: of the reference.
    """
    if not reading.differences:
        return ()
    folds = []
    for span in reading.spans:
        first, last = span.reference
        start, stop = _seam(pieces, min(first + _KEPT, last - 1)), _seam(pieces, max(first, last - _KEPT))
        holds_cursor = cursor is not None and start <= cursor < stop
        if span.op is DiffOp.EQUAL and stop - start >= _WORTH_FOLDING and not holds_cursor:
            shift = span.candidate[0] - first
            folds.append(Fold((start, stop), (start + shift, stop + shift)))
    return tuple(folds)


def _seam(pieces: Sequence[str], index: int) -> int:
    """The blank near ``index`` that a fold can begin or end at: neither cuts a word, nor a comma from its word."""
    for at in range(index, max(0, index - _NEAR), -1):
        if pieces[at][:1].isspace():
            return at
    return word_start(pieces, index)
