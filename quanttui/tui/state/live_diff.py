"""The difference of two texts while the second one is still coming in. Token ids only."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from quanttui.compare.diff import diff_tokens
from quanttui.records import DiffOp, DiffSpan

_OFTEN_BELOW = 256


class LiveDiff:
    """Aligns the candidate's tokens so far with the reference. Long texts are aligned again only now and then."""

    def __init__(self) -> None:
        self._key: Hashable = None
        self._length = 0
        self._spans: tuple[DiffSpan, ...] = ()

    def spans(self, reference: Sequence[int], candidate: Sequence[int], key: Hashable) -> tuple[DiffSpan, ...]:
        """``key`` names the candidate: another one starts afresh. What the candidate has not reached yet of the
        reference is in no span."""
        grown = len(candidate) - self._length
        if key != self._key or grown < 0 or grown >= max(1, len(candidate) // _OFTEN_BELOW * 8):
            self._key, self._length = key, len(candidate)
            self._spans = _reached(diff_tokens(reference, candidate))
        return self._spans


def _reached(spans: tuple[DiffSpan, ...]) -> tuple[DiffSpan, ...]:
    """Without the reference's tail that no token of the candidate stands against yet."""
    if not spans or spans[-1].op is DiffOp.EQUAL:
        return spans
    *before, last = spans
    if last.op is DiffOp.DELETE:
        return tuple(before)
    start, stop = last.reference
    return (*before, replace(last, reference=(start, min(stop, start + last.candidate[1] - last.candidate[0]))))
