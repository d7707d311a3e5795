"""What follows from a sweep's figures: its pairs, its frontier and its verdict. Joins what the other files of this room
know; knows no engine, no store and no screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quanttui.compare.columns import CandidateColumns
from quanttui.compare.frontier import Point, place
from quanttui.compare.pairs import compare_pairs
from quanttui.compare.recommendation import recommend
from quanttui.compare.standing import Standing, field_of
from quanttui.records import (
    PairComparison,
    SweepLimits,
    SweepPart,
    SweepResult,
    SweptVariant,
    Variant,
)


def conclude(
    variants: Sequence[SweptVariant],
    reference: Variant,
    limits: SweepLimits,
    columns: Mapping[SweepPart, Sequence[CandidateColumns]],
) -> SweepResult:
    """``variants``: every row, the reference's among them, finished or not. ``columns``: the candidates that have been
    scored on the whole of a part; each part is corrected for its own comparisons."""
    pairs = tuple(pair for part, scored in columns.items() for pair in compare_pairs(scored, part))
    return SweepResult(
        reference,
        limits,
        tuple(variants),
        pairs,
        frontier_of(variants, reference, pairs),
        recommend(variants, reference, limits, pairs),
    )


def frontier_of(
    variants: Sequence[SweptVariant], reference: Variant, pairs: Sequence[PairComparison]
) -> tuple[Variant, ...]:
    """Memory against mean KL of the part that ranks: the variants that none is shown to beat, the smallest first."""
    kept = [standing for standing, by in _placed(variants, reference, pairs) if by is None]
    return tuple(standing.variant for standing in sorted(kept, key=lambda standing: standing.memory_bytes or 0))


def beaten_by(result: SweepResult) -> dict[Variant, Variant]:
    """Each variant off the frontier, and the nearest of those shown to be better at no more memory."""
    placed = _placed(result.variants, result.reference, result.pairs)
    return {standing.variant: by.variant for standing, by in placed if by is not None}


def _placed(
    variants: Sequence[SweptVariant], reference: Variant, pairs: Sequence[PairComparison]
) -> list[tuple[Standing, Standing | None]]:
    """Each variant whose memory is known, and by which one it is beaten."""
    standings = [standing for standing in field_of(variants, reference).standings if standing.memory_bytes is not None]
    points = [Point(standing.memory_bytes or 0, standing.kl, None) for standing in standings]

    def shown(better: int, worse: int) -> bool:
        return _is_shown(standings[better], standings[worse], pairs)

    beaters = [at.dominated_by for at in place(points, shown)]
    return [(standing, None if by is None else standings[by]) for standing, by in zip(standings, beaters, strict=True)]


def _is_shown(better: Standing, worse: Standing, pairs: Sequence[PairComparison]) -> bool:
    """By the candidate's own verdict against the reference; by the pair's tests between two candidates."""
    if better.is_reference or worse.is_reference:
        return not (better.is_within_noise and worse.is_within_noise)
    part, both = worse.parts[0][0], {better.variant, worse.variant}
    return any(
        pair.is_beaten(worse.variant) for pair in pairs if pair.part is part and {pair.first, pair.second} == both
    )
