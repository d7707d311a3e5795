"""How a text that is still coming in lies beside a finished one. Token ids only; each token is looked at once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from quanttui.compare.reading import Reading
from quanttui.records import DiffOp, DiffSpan, Token

_MEETS = 8


class LiveDiff:
    """Aligns the candidate's tokens so far with the reference's. What it has said of a token it does not take back,
    but for the end: where 8 tokens in a row stand in the reference behind the place where the texts parted, they have
    met again. Until then all since then is ``apart``. The finished text is aligned exactly, by ``diff_tokens``."""

    def __init__(self) -> None:
        self._start(None)

    def reading(self, reference: Sequence[Token], candidate: Sequence[Token], key: Hashable) -> Reading:
        """``key`` names the candidate: another one starts afresh. What the candidate has not reached yet of the
        reference is in no span."""
        if key != self._key or len(candidate) < self._read:
            self._start(key)
        self._index(reference)
        while self._read < len(candidate):
            self._take(reference, candidate)
        return self._now(len(reference))

    def _start(self, key: Hashable) -> None:
        self._key = key
        self._read = 0
        self._places: dict[tuple[int, ...], list[int]] = {}
        self._indexed = 0
        self._settled: list[DiffSpan] = []
        self._equal_from, self._parted_at = (0, 0), (0, 0)
        self._is_apart = False

    def _index(self, reference: Sequence[Token]) -> None:
        """Where every 8 tokens of the reference stand."""
        for at in range(self._indexed, len(reference) - _MEETS + 1):
            self._places.setdefault(_ids(reference, at), []).append(at)
            self._indexed = at + 1

    def _take(self, reference: Sequence[Token], candidate: Sequence[Token]) -> None:
        """One more token of the candidate."""
        at = self._equal_from[0] + self._read - self._equal_from[1]
        token = candidate[self._read]
        self._read += 1
        if self._is_apart:
            self._try_to_meet(candidate)
        elif at >= len(reference) or token.token_id != reference[at].token_id:
            self._is_apart, self._parted_at = True, (at, self._read - 1)
            if at > self._equal_from[0]:
                self._settled.append(_span(DiffOp.EQUAL, self._equal_from, self._parted_at))

    def _try_to_meet(self, candidate: Sequence[Token]) -> None:
        start = self._read - _MEETS
        if start < self._parted_at[1]:
            return
        place = next((p for p in self._places.get(_ids(candidate, start), ()) if p >= self._parted_at[0]), None)
        if place is not None:
            self._settled.append(_span(DiffOp.REPLACE, self._parted_at, (place, start)))
            self._is_apart, self._equal_from = False, (place, start)

    def _now(self, reference_length: int) -> Reading:
        (i, j), length = self._parted_at if self._is_apart else self._equal_from, self._read
        if length == j:
            return Reading(tuple(self._settled))
        if not self._is_apart:
            last = _span(DiffOp.EQUAL, (i, j), (i + length - j, length))
            return Reading((*self._settled, last))
        last = _span(DiffOp.REPLACE, (i, j), (max(i, min(reference_length, i + length - j)), length))
        return Reading((*self._settled, last), apart=last)


def _ids(tokens: Sequence[Token], start: int) -> tuple[int, ...]:
    return tuple(token.token_id for token in tokens[start : start + _MEETS])


def _span(op: DiffOp, start: tuple[int, int], stop: tuple[int, int]) -> DiffSpan:
    """From (reference, candidate) to (reference, candidate)."""
    if op is not DiffOp.EQUAL and start[0] == stop[0]:
        op = DiffOp.INSERT
    elif op is not DiffOp.EQUAL and start[1] == stop[1]:
        op = DiffOp.DELETE
    return DiffSpan(op, (start[0], stop[0]), (start[1], stop[1]))
