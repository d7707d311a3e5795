"""The difference of two texts while the second one is still coming in. Token ids only."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from quanttui.compare.diff import diff_tokens
from quanttui.records import DiffSpan

_OFTEN_BELOW = 256


class LiveDiff:
    """Aligns as many tokens of the reference as the candidate has. Long texts are aligned again only now and then."""

    def __init__(self) -> None:
        self._key: Hashable = None
        self._length = 0
        self._spans: tuple[DiffSpan, ...] = ()

    def spans(self, reference: Sequence[int], candidate: Sequence[int], key: Hashable) -> tuple[DiffSpan, ...]:
        """``key`` names the candidate: another one starts afresh."""
        length = min(len(reference), len(candidate))
        grown = length - self._length
        if key != self._key or grown < 0 or grown >= max(1, length // _OFTEN_BELOW * 8):
            self._key, self._length = key, length
            self._spans = diff_tokens(reference[:length], candidate[:length])
        return self._spans
