"""How long each kind of work takes each variant, as far as it was seen, and how long it will take. No clock, no engine.

What was not seen of a variant yet is taken from the others, each held against what is usual for its precision.
"""

from __future__ import annotations

from collections import defaultdict, deque
from enum import Enum, auto
from statistics import fmean

from quanttui.records import Precision, SweepPart, Variant


class Work(Enum):
    """``TEXT``, ``SUITE``: one unit, read by the reference or scored by a candidate."""

    LOAD = auto()
    SPEED = auto()
    TEXT = auto()
    SUITE = auto()


WORK_OF = {SweepPart.TEXT: Work.TEXT, SweepPart.SUITE: Work.SUITE}

_RECENT = 32
_USUAL = 1.25
_USUAL_DECODING = {Precision.INT8: 4.0, Precision.NF4: 2.0, Precision.FP4: 2.0}
"""A quantized candidate's seconds over the reference's for the same work, before any was seen: by what CPUs and GPUs
were measured at. int8 loses most where a token comes at a time."""


class Pace:
    def __init__(self, reference: Variant) -> None:
        self._reference = reference
        self._seen: dict[tuple[Variant, Work], deque[float]] = defaultdict(lambda: deque(maxlen=_RECENT))
        self._baseline: dict[Work, list[float]] = defaultdict(list)

    def note(self, variant: Variant, work: Work, seconds: float) -> None:
        self._seen[variant, work].append(seconds)

    def note_baseline(self, work: Work, seconds: float) -> None:
        """What a candidate does, done by the reference."""
        self._baseline[work].append(seconds)

    def baselines(self, work: Work) -> int:
        return len(self._baseline[work])

    def seconds(self, variant: Variant, work: Work) -> float | None:
        """Of one such piece of work; None where nothing like it was seen yet."""
        own = self._seen.get((variant, work))
        if own:
            return fmean(own)
        return self._of_reference(work) if variant == self._reference else self._by_others(variant, work)

    def _of_reference(self, work: Work) -> float | None:
        """One part stands in for the other."""
        others = [self._seen.get((self._reference, other)) for other in WORK_OF.values() if work in WORK_OF.values()]
        return next((fmean(seen) for seen in others if seen), None)

    def _by_others(self, variant: Variant, work: Work) -> float | None:
        others = [
            fmean(seen) / _usual(other, work)
            for (other, done), seen in self._seen.items()
            if done is work and seen and other != self._reference
        ]
        if not others and work in (Work.LOAD, Work.SPEED):
            others = list(self._seen.get((self._reference, work), ()))
        if not others:
            others = self._baseline[work] or self._other_part(variant, work)
        return fmean(others) * _usual(variant, work) if others else None

    def _other_part(self, variant: Variant, work: Work) -> list[float]:
        parts = [other for other in WORK_OF.values() if work in WORK_OF.values() and other is not work]
        return [fmean(seen) / _usual(variant, work) for part in parts if (seen := self._seen.get((variant, part)))]


def _usual(variant: Variant, work: Work) -> float:
    if not variant.precision.is_quantized:
        return 1.0
    return _USUAL_DECODING[variant.precision] if work is Work.SPEED else _USUAL
