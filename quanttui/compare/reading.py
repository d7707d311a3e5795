"""An exact alignment made readable: which differences are shown as one, and from where on the texts share nothing.

Knows spans and the text of tokens; the exact alignment in the data stays as it is, and nothing is painted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from quanttui.records import DiffOp, DiffSpan

NOTHING_SHARED = 0.05
_WORTH_READING = 16
_NO_CHANCE = 8
_FUNCTION_WORD = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """``spans`` cover both texts, as ``diff_tokens``'s do, with fewer and longer differences.

    ``apart``: the last of them, where from it on the texts share (nearly) nothing, so that painting tells nothing.
    ``only_spaces``: the texts differ in whitespace alone.
    """

    spans: tuple[DiffSpan, ...] = ()
    apart: DiffSpan | None = None
    only_spaces: bool = False

    @property
    def differences(self) -> tuple[DiffSpan, ...]:
        return tuple(span for span in self.spans if span.op is not DiffOp.EQUAL)

    def counterpart(self, token: int) -> int | None:
        """The candidate's token that is shown as equal to ``token`` of the reference."""
        for span in self.spans:
            if span.op is DiffOp.EQUAL and span.reference[0] <= token < span.reference[1]:
                return token - span.reference[0] + span.candidate[0]
        return None


def read_diff(spans: Sequence[DiffSpan], reference: Sequence[str], candidate: Sequence[str]) -> Reading:
    """``spans`` of two texts as a reader can take them in; ``reference`` and ``candidate`` are their pieces.

    1. An equal island between two differences counts as different where it has fewer than 8 tokens and no more
       characters than the longer side of either neighbour (the semantic cleanup of diff-match-patch), or up to 4
       characters in all: "the" and "," that two sentences happen to share do not cut them in strips. What both
       begin with and what both end with are no islands.
    2. From the first difference on behind which less than ``NOTHING_SHARED`` of the tokens of both stand in equal
       spans, the texts share nothing: all of that becomes one last difference, ``apart``. A rest of fewer than
       16 tokens on either side is short enough to be read as it is.
    """
    shown = _joined_islands(list(spans), _offsets(reference), _offsets(candidate))
    at = _where_nothing_is_shared(shown)
    if at is not None:
        shown[at:] = [_joined(shown[at], shown[-1])]
    differing = [span for span in shown if span.op is not DiffOp.EQUAL]
    only_spaces = bool(differing) and all(
        _words(reference, span.reference) == _words(candidate, span.candidate) for span in differing
    )
    return Reading(tuple(shown), shown[-1] if at is not None else None, only_spaces)


def _words(pieces: Sequence[str], span: tuple[int, int]) -> str:
    return "".join("".join(pieces[slice(*span)]).split())


def _offsets(pieces: Sequence[str]) -> list[int]:
    """Where each piece starts, in characters, and the end of the last."""
    return [0, *accumulate(len(piece) for piece in pieces)]


def _joined_islands(spans: list[DiffSpan], reference: list[int], candidate: list[int]) -> list[DiffSpan]:
    def size(span: DiffSpan) -> int:
        (i1, i2), (j1, j2) = span.reference, span.candidate
        return max(reference[i2] - reference[i1], candidate[j2] - candidate[j1])

    kept: list[DiffSpan] = []
    for span in spans:
        kept.append(span)
        while len(kept) > 2 and _is_island(kept) and _is_lost(*map(size, kept[-3:])):
            kept[-3:] = [_joined(kept[-3], kept[-1])]
    return kept if len(kept) == len(spans) else _joined_islands(kept, reference, candidate)


def _is_island(spans: list[DiffSpan]) -> bool:
    before, island, after = spans[-3:]
    short = island.reference[1] - island.reference[0] < _NO_CHANCE
    return short and before.op is not DiffOp.EQUAL and island.op is DiffOp.EQUAL and after.op is not DiffOp.EQUAL


def _is_lost(before: int, island: int, after: int) -> bool:
    return island <= max(_FUNCTION_WORD, min(before, after))


def _joined(first: DiffSpan, last: DiffSpan) -> DiffSpan:
    return DiffSpan(DiffOp.REPLACE, (first.reference[0], last.reference[1]), (first.candidate[0], last.candidate[1]))


def _where_nothing_is_shared(spans: list[DiffSpan]) -> int | None:
    if not spans:
        return None
    (_, stop), (_, candidate_stop) = spans[-1].reference, spans[-1].candidate
    for at, span in enumerate(spans):
        rest, candidate_rest = stop - span.reference[0], candidate_stop - span.candidate[0]
        if min(rest, candidate_rest) < _WORTH_READING:
            return None
        equal = sum(s.reference[1] - s.reference[0] for s in spans[at:] if s.op is DiffOp.EQUAL)
        if span.op is not DiffOp.EQUAL and 2 * equal < NOTHING_SHARED * (rest + candidate_rest):
            return at
    return None
