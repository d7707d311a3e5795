"""Which variant to run, under the user's limits. Knows the figures of a sweep and its pairs; what stands in the
sentences comes from ``recommendation_words``.

With a memory or a speed limit the answer is the most faithful variant that keeps them (the reference too); with limits
of fidelity but none of memory it is the smallest that keeps them; without any limit it is the smallest whose difference
from the reference is small by its verdict. What is not shown to be less faithful
than the most faithful one counts as a tie with it, and a tie goes to the one that takes less memory, then the faster.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from quanttui.compare import recommendation_words as words
from quanttui.compare.pairs import smallest_detectable
from quanttui.compare.standing import Choice, Field, Limit, Standing, field_of, misses_of, relax
from quanttui.records import (
    AnswerChange,
    PairComparison,
    SweepLimits,
    SweepVerdict,
    SweptVariant,
    Variant,
)
from quanttui.units import Z_95

_SPEED_MARGIN = Z_95 * math.sqrt(2)

Ties = Callable[[Standing, Standing], bool]


def recommend(
    variants: Sequence[SweptVariant], reference: Variant, limits: SweepLimits, pairs: Sequence[PairComparison] = ()
) -> SweepVerdict:
    """``variants``: every row, the reference's among them; ``pairs``: of all parts that were scored. Before the first
    candidate is measured nothing is recommended: the reference alone is no answer yet."""
    field = field_of(variants, reference)
    if field.waiting and all(standing.is_reference for standing in field.standings):
        field = replace(field, standings=())
    choice = choose(field.standings, limits, ties_of(pairs))
    nearest = None if choice else _nearest(field.standings, limits)
    changes = _changes(field, choice, limits, ties_of(pairs))
    return SweepVerdict(
        recommended=choice.recommended.variant if choice else None,
        runner_up=choice.runner_up.variant if choice and choice.runner_up else None,
        nearest=nearest.variant if nearest else None,
        indistinguishable=tuple(pair for pair in pairs if not pair.told_apart),
        smallest_detectable=smallest_detectable(pairs),
        why=_why(field, choice, nearest, limits),
        changes=changes,
    )


def choose(standings: Sequence[Standing], limits: SweepLimits, ties: Ties) -> Choice | None:
    """None where nothing keeps every limit."""
    eligible = [standing for standing in standings if not misses_of(standing, limits)]
    if limits == SweepLimits():
        eligible = [standing for standing in eligible if standing.is_near]
    if not eligible:
        return None
    smallest = wants_smallest(limits)
    first = min(eligible, key=_by_cost if smallest else _by_divergence)
    tied = [] if smallest else [standing for standing in eligible if standing is not first and ties(first, standing)]
    recommended = min([first, *tied], key=_by_cost)
    tied_with = first if recommended is not first and _is_cheaper(recommended, first) else None
    recommended = recommended if tied_with else first
    others = [standing for standing in eligible if standing is not recommended]
    return Choice(
        recommended=recommended,
        runner_up=tied_with or min(others, key=_by_cost if smallest else _by_divergence, default=None),
        tied_with=tied_with,
        eligible=len(eligible),
        smallest=smallest,
    )


def wants_smallest(limits: SweepLimits) -> bool:
    fidelity = limits.least_same_top is not None or limits.most_kl_nats is not None
    return limits == SweepLimits() or (fidelity and limits.memory_bytes is None)


def ties_of(pairs: Sequence[PairComparison]) -> Ties:
    """Whether the second of two standings is not shown to be less faithful than the first: against the reference by
    its own verdict, else by the pair's tests on every part. Where none was made, the figures stand as they are."""

    def tied(best: Standing, other: Standing) -> bool:
        if best.is_reference or other.is_reference:
            return best.is_within_noise and other.is_within_noise
        both = {best.variant, other.variant}
        made = [pair for pair in pairs if {pair.first, pair.second} == both]
        return bool(made) and not any(pair.is_beaten(other.variant) for pair in made)

    return tied


def _by_divergence(standing: Standing) -> tuple[float, float]:
    """The reference before a candidate that is at 0 from it, the smaller of two equals."""
    return (-1.0 if standing.is_reference else standing.kl), _memory(standing)


def _by_cost(standing: Standing) -> tuple[float, float, float]:
    return _memory(standing), -(standing.tokens_per_second or 0.0), standing.kl


def _memory(standing: Standing) -> float:
    return math.inf if standing.memory_bytes is None else standing.memory_bytes


def _is_cheaper(standing: Standing, than: Standing) -> bool:
    return _by_cost(standing)[:2] < _by_cost(than)[:2]


def _nearest(standings: Sequence[Standing], limits: SweepLimits) -> Standing | None:
    """The fewest limits broken, then the least broken; the most faithful where no limit was given."""

    def distance(standing: Standing) -> tuple[int, float]:
        misses = misses_of(standing, limits)
        return len(misses), max((miss.relative for miss in misses), default=standing.kl)

    return min(standings, key=distance, default=None)


def _why(field: Field, choice: Choice | None, nearest: Standing | None, limits: SweepLimits) -> str:
    if choice is None:
        said = words.nothing_fits(field, nearest, misses_of(nearest, limits) if nearest else [])
    else:
        said = words.recommended(field, choice, limits)
        said += words.near_a_limit(choice.recommended, limits)
    return said + words.left_out(field)


def _changes(field: Field, choice: Choice | None, limits: SweepLimits, ties: Ties) -> tuple[AnswerChange, ...]:
    now = choice.recommended if choice else None
    return (*_relaxing(field, now, limits, ties), *_tightening(field, now, limits, ties))


def _relaxing(field: Field, now: Standing | None, limits: SweepLimits, ties: Ties) -> list[AnswerChange]:
    """Each other variant that is the answer as soon as one limit is moved to its own figure, the least move first."""
    found = []
    for standing in field.standings:
        for miss in misses_of(standing, limits):
            if miss.shortfall is None:
                continue
            moved = choose(field.standings, relax(limits, miss.limit, standing), ties)
            if moved and moved.recommended is standing:
                text = words.relaxed(miss.limit, miss.shortfall, standing, now)
                found.append((miss.relative, AnswerChange(standing.variant, text)))
    return [change for _, change in sorted(found, key=lambda pair: pair[0])]


def _tightening(field: Field, now: Standing | None, limits: SweepLimits, ties: Ties) -> list[AnswerChange]:
    """With less and less memory, as long as there is an answer; and for whoever needs more speed, or more fidelity
    than a limit of theirs asks for. What the noise could explain is no change."""
    found = []
    before, narrowed = now, limits
    while before is not None and before.memory_bytes is not None:
        narrowed = replace(narrowed, memory_bytes=before.memory_bytes - 1)
        moved = choose(field.standings, narrowed, ties)
        if moved:
            found.append(_tightened(Limit.MEMORY, before, moved.recommended))
        before = moved.recommended if moved else None
    if now is None:
        return found
    apart = [standing for standing in field.standings if not ties(standing, now)]
    for limit, tighter in _tighter(now, limits):
        moved = choose(field.standings if limit is Limit.SPEED else apart, tighter, ties)
        if moved:
            found.append(_tightened(limit, now, moved.recommended))
    return found


def _tighter(now: Standing, limits: SweepLimits) -> list[tuple[Limit, SweepLimits]]:
    """Each limit moved just past what ``now`` keeps; speed past its error, as a difference of two such figures has it;
    fidelity only where a limit of it was given."""
    found = []
    if limits.least_same_top is not None and now.worst_same_top < 1:
        found.append((Limit.SAME_TOP, replace(limits, least_same_top=math.nextafter(now.worst_same_top, 2))))
    if limits.most_kl_nats is not None and now.worst_kl > 0:
        found.append((Limit.KL, replace(limits, most_kl_nats=math.nextafter(now.worst_kl, -1))))
    if now.tokens_per_second is not None:
        margin = _SPEED_MARGIN * (now.tokens_per_second_standard_error or 0.0)
        faster = math.nextafter(now.tokens_per_second + margin, math.inf)
        found.append((Limit.SPEED, replace(limits, least_tokens_per_second=faster)))
    return found


def _tightened(limit: Limit, before: Standing, now: Standing) -> AnswerChange:
    return AnswerChange(now.variant, words.tightened(limit, before, now))
