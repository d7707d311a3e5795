"""How far a sweep has come, in cells and in scored tokens. Pure arithmetic on what was measured and what is planned."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from quanttui.records import Sweep, SweepProgress, SweepUnit, Variant, VariantProgress


def progress_of(
    sweep: Sweep,
    planned_tokens: Sequence[int] = (),
    *,
    stage: str = "",
    variant: Variant | None = None,
    elapsed_seconds: float = 0.0,
    remaining_seconds: float | None = None,
) -> SweepProgress:
    """``planned_tokens``: how many tokens each unit of the whole plan will score, as far as that is known; without it
    what the reference has read is taken for all."""
    tokens = _tokens_by_unit(sweep, planned_tokens)
    variants = (sweep.reference, *sweep.request.candidates)
    done = [_done(sweep, one, len(tokens)) for one in variants]
    failed = {failure.variant for failure in sweep.failures}
    totals = [many if one in failed else len(tokens) for one, many in zip(variants, done, strict=True)]
    up_to = [0, *accumulate(tokens)]
    return SweepProgress(
        stage=stage,
        variant=variant,
        cells_done=sum(done),
        cells_total=sum(totals),
        tokens_done=sum(up_to[many] for many in done),
        tokens_total=sum(up_to[many] for many in totals),
        elapsed_seconds=elapsed_seconds,
        remaining_seconds=remaining_seconds,
        by_variant=tuple(map(VariantProgress, variants, done, totals)),
    )


def scored_tokens_of(unit: SweepUnit) -> int:
    return len(unit.token_ids) - unit.first_scored


def _tokens_by_unit(sweep: Sweep, planned_tokens: Sequence[int]) -> list[int]:
    """Of the units that count; what was read is known better than what was planned."""
    read = [scored_tokens_of(unit) for unit in sweep.units]
    tokens = read + list(planned_tokens[len(read) :])
    return tokens if sweep.kept_units is None else tokens[: sweep.kept_units]


def _done(sweep: Sweep, variant: Variant, kept: int) -> int:
    """Every variant goes through the units in their order, so that a number says which."""
    if variant == sweep.reference:
        return min(len(sweep.units), kept)
    return sum(cell.variant == variant and cell.unit < kept for cell in sweep.cells)
