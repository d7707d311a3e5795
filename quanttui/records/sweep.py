"""What a sweep measured of each variant, what its user asked for, and what follows from the two.

Divergences are in nats per token and KL(reference‖candidate); shares lie in [0, 1]; intervals are 95 %; an error is
one standard error; None: not known. Differences are the first's less the second's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from quanttui.records.divergence import DivergenceSummary
from quanttui.records.variant import Variant


class SweepPart(StrEnum):
    """What was scored. The two are never pooled."""

    TEXT = "text"
    SUITE = "suite"


@dataclass(frozen=True, slots=True)
class CategoryDivergence:
    """The prompts of one category of the suite."""

    category: str
    divergence: DivergenceSummary


@dataclass(frozen=True, slots=True)
class SweptVariant:
    """One row of the table. ``text``, ``suite``: None for the reference itself, for what was not asked, and for what
    has not been reached yet. ``failure``: its cause, raw; figures made until then are kept. ``needed_bytes``: all that
    has to be free on the device for it, as foretold before its load. ``peaks_compare``: whether peaks may be held
    against each other; not on a CPU, where that of the first load carries the libraries' own memory.
    ``speed_measured_on``: the day of the earlier sweep that the speed is from, "" for this one."""

    variant: Variant
    parameter_bytes: int | None = None
    peak_bytes: int | None = None
    needed_bytes: int | None = None
    tokens_per_second: float | None = None
    tokens_per_second_standard_error: float | None = None
    text: DivergenceSummary | None = None
    suite: DivergenceSummary | None = None
    by_category: tuple[CategoryDivergence, ...] = ()
    failure: str | None = None
    peaks_compare: bool = True
    speed_measured_on: str = ""


@dataclass(frozen=True, slots=True)
class SweepLimits:
    """What the answer has to keep; None: no limit. Fidelity has to be kept on the text and on the suite alike. Without
    any limit a small difference by its verdict is what has to be kept."""

    memory_bytes: int | None = None
    least_same_top: float | None = None
    most_kl_nats: float | None = None
    least_tokens_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PairedKl:
    """Two candidates' mean KL on the same tokens. ``ratio``: the first's over the second's, None where either is 0 to
    rounding. ``smallest_detectable``: nats between the two that would have been found at 80 %."""

    first: float
    second: float
    difference: float
    interval: Interval | None
    ratio: float | None
    ratio_interval: Interval | None
    p_value: float | None
    smallest_detectable: float | None


@dataclass(frozen=True, slots=True)
class PairedFlips:
    """Where just one of two candidates keeps the reference's first choice, of ``tokens`` places.

    ``difference``: of same top; ``smallest_detectable``: of same top, that would have been found at 80 %.
    """

    tokens: int
    only_first: int
    only_second: int
    difference: float
    p_value: float
    smallest_detectable: float


class PairFinding(StrEnum):
    """``WITHIN_NOISE``: both are as near as the reference is to itself, so neither is ranked. ``NOT_FOUND``: no
    difference found. ``CONFLICTING``: the one has the smaller KL, the other flips less, and both were found."""

    WITHIN_NOISE = "within noise"
    NOT_FOUND = "not found"
    FIRST_NEARER = "first nearer"
    SECOND_NEARER = "second nearer"
    CONFLICTING = "conflicting"


@dataclass(frozen=True, slots=True)
class PairComparison:
    """Two candidates of one sweep. ``*_adjusted_p``: corrected for all ``tests`` made on this ``part``.

    ``text``: one sentence with the finding and its evidence.
    """

    first: Variant
    second: Variant
    part: SweepPart
    kl: PairedKl
    flips: PairedFlips
    kl_adjusted_p: float | None
    flips_adjusted_p: float
    tests: int
    finding: PairFinding
    text: str

    @property
    def told_apart(self) -> bool:
        return self.finding not in (PairFinding.WITHIN_NOISE, PairFinding.NOT_FOUND)

    def is_beaten(self, variant: Variant) -> bool:
        """Whether the two were told apart and ``variant``, one of them, is not the one that is nearer."""
        wins = PairFinding.FIRST_NEARER if variant == self.first else PairFinding.SECOND_NEARER
        return self.told_apart and self.finding is not wins


@dataclass(frozen=True, slots=True)
class SmallestDetectable:
    """The smallest difference between two candidates that a sweep could have shown, for the hardest of its pairs.

    ``kl_nats`` None: too few tokens to tell. ``same_top``: a share.
    """

    kl_nats: float | None
    same_top: float


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """``text``: which limit, moved how far, makes ``variant`` the answer: ``with 1.2 GB more: int8 (...)``."""

    variant: Variant
    text: str


@dataclass(frozen=True, slots=True)
class SweepVerdict:
    """The answer to "which precision should I run?". ``recommended`` None: nothing keeps every limit, and ``nearest``
    is what comes nearest (None: nothing was measured). ``why``: sentences, made from figures only."""

    recommended: Variant | None
    runner_up: Variant | None
    nearest: Variant | None
    indistinguishable: tuple[PairComparison, ...]
    smallest_detectable: SmallestDetectable | None
    why: str
    changes: tuple[AnswerChange, ...] = ()


@dataclass(frozen=True, slots=True)
class SweepResult:
    """``variants``: the reference's row and one for each candidate, in the order asked for. ``frontier``: those that
    no other is shown to beat in both memory and divergence."""

    reference: Variant
    limits: SweepLimits
    variants: tuple[SweptVariant, ...]
    pairs: tuple[PairComparison, ...]
    frontier: tuple[Variant, ...]
    verdict: SweepVerdict
