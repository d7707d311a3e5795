"""Every two candidates of a sweep, held against each other: told apart or not, and on what evidence. Knows scores that
were taken on the same tokens against the same reference; no model, no limit and no screen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from quanttui.compare.columns import CandidateColumns, in_common
from quanttui.compare.flips import compare_flips
from quanttui.compare.multiplicity import holm
from quanttui.compare.paired import compare_kl
from quanttui.compare.statistics import ROUNDING_NATS, SIGNIFICANCE, blocks_of
from quanttui.compare.verdict import INDISTINGUISHABLE_MULTIPLE
from quanttui.records import (
    PairComparison,
    PairedFlips,
    PairedKl,
    PairFinding,
    SmallestDetectable,
    SweepPart,
)
from quanttui.units import format_nats


def compare_pairs(candidates: Sequence[CandidateColumns], part: SweepPart) -> tuple[PairComparison, ...]:
    """All pairs in the order given, each on what both were scored on. Two tests a pair, on KL and on flips, are
    corrected together (Holm): at most 5 % of sweeps whose candidates are all alike tell any two of them apart.

    Raises MeasurementError where two candidates were scored on different tokens.
    """
    couples = [in_common(first, second) for first, second in combinations(candidates, 2)]
    tests = 2 * len(couples)
    kls, flips = [], []
    for first, second in couples:
        blocks = blocks_of(first.parts)
        kls.append(compare_kl(first.kl, second.kl, blocks, tests=tests))
        flips.append(compare_flips(first.same_top, second.same_top, blocks, tests=tests))
    adjusted = holm([1.0 if kl.p_value is None else kl.p_value for kl in kls] + [flip.p_value for flip in flips])
    return tuple(
        _compared(couple, part, kl, flip, (adjusted[index], adjusted[index + len(couples)]), tests)
        for index, (couple, kl, flip) in enumerate(zip(couples, kls, flips, strict=True))
    )


def smallest_detectable(pairs: Sequence[PairComparison]) -> SmallestDetectable | None:
    """What a sweep could have shown between any two of its candidates: the hardest pair among those not told apart,
    or among all where every two were. None without a pair."""
    hardest = [pair for pair in pairs if not pair.told_apart] or list(pairs)
    if not hardest:
        return None
    nats = [pair.kl.smallest_detectable for pair in hardest if pair.kl.smallest_detectable is not None]
    return SmallestDetectable(max(nats, default=None), max(pair.flips.smallest_detectable for pair in hardest))


def _compared(
    couple: tuple[CandidateColumns, CandidateColumns],
    part: SweepPart,
    kl: PairedKl,
    flips: PairedFlips,
    adjusted: tuple[float, float],
    tests: int,
) -> PairComparison:
    first, second = couple
    finding = _finding(kl, flips, adjusted, max(first.noise_floor, second.noise_floor))
    names = first.variant.spelling, second.variant.spelling
    kl_adjusted = None if kl.p_value is None else adjusted[0]
    text = _sentence(finding, names, kl, flips)
    return PairComparison(
        first.variant, second.variant, part, kl, flips, kl_adjusted, adjusted[1], tests, finding, text
    )


def _finding(kl: PairedKl, flips: PairedFlips, adjusted: tuple[float, float], floor: float) -> PairFinding:
    if max(kl.first, kl.second) <= max(INDISTINGUISHABLE_MULTIPLE * floor, ROUNDING_NATS):
        return PairFinding.WITHIN_NOISE
    nearer = set()
    if adjusted[0] <= SIGNIFICANCE:
        nearer.add(PairFinding.FIRST_NEARER if kl.difference < 0 else PairFinding.SECOND_NEARER)
    if adjusted[1] <= SIGNIFICANCE:
        nearer.add(PairFinding.FIRST_NEARER if flips.difference > 0 else PairFinding.SECOND_NEARER)
    if len(nearer) == 2:
        return PairFinding.CONFLICTING
    return nearer.pop() if nearer else PairFinding.NOT_FOUND


def _sentence(finding: PairFinding, names: tuple[str, str], kl: PairedKl, flips: PairedFlips) -> str:
    first, second = names
    evidence = f"{_kl_evidence(kl)}; {_flip_evidence(names, flips)}"
    match finding:
        case PairFinding.WITHIN_NOISE:
            return f"{first} and {second} are both within the reference's own noise: {evidence}"
        case PairFinding.NOT_FOUND:
            return f"no difference found between {first} and {second}: {evidence}{_power(kl, flips)}"
        case PairFinding.CONFLICTING:
            return f"{first} and {second} differ, but KL and flips disagree on which is nearer: {evidence}"
    nearer, farther = names if finding is PairFinding.FIRST_NEARER else names[::-1]
    return f"{nearer} is nearer to the reference than {farther}: {evidence}"


def _kl_evidence(kl: PairedKl) -> str:
    means = f"mean KL {format_nats(kl.first)} and {format_nats(kl.second)} nats"
    if kl.interval is None:
        return means
    low, high = (format_signed_nats(value) for value in (kl.interval.low, kl.interval.high))
    return f"{means}, difference {format_signed_nats(kl.difference)} (95 %: {low} to {high})"


def _flip_evidence(names: tuple[str, str], flips: PairedFlips) -> str:
    if not flips.only_first + flips.only_second:
        return f"both keep the same first choices at all {flips.tokens:,} places"
    alone = f"{names[0]} alone at {flips.only_first:,}, {names[1]} alone at {flips.only_second:,}"
    return f"of {flips.tokens:,} places, the reference's first choice is kept by {alone}"


def _power(kl: PairedKl, flips: PairedFlips) -> str:
    points = f"{100 * flips.smallest_detectable:.1f} points of same top"
    if kl.smallest_detectable is None:
        return f"; {points} would have shown"
    return f"; {format_nats(kl.smallest_detectable)} nats or {points} would have shown"


def format_signed_nats(difference: float) -> str:
    """``+0.012``, ``−3.1e-5``, ``0``."""
    return f"{'−' if difference < 0 else '+' if difference > 0 else ''}{format_nats(abs(difference))}"
