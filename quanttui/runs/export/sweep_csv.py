"""A sweep as one CSV table: a row for each variant on each part and category. Figures in full, text defused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from quanttui.records import DivergenceSummary, SweepPart, SweepSnapshot, SweptVariant
from quanttui.runs.export.tables import csv_text
from quanttui.runs.sweep_figures import divergence_on, parts_of

_COLUMNS = (
    "run_id", "model", "revision", "variant", "is_reference", "device", "part", "category", "parameter_bytes",
    "peak_bytes", "needed_bytes", "tokens_per_second", "tokens_per_second_standard_error", "on_frontier",
    "recommended", "failed", "scored_tokens", "kl_divergence_mean", "kl_divergence_standard_error",
    "kl_divergence_median", "kl_divergence_p99", "kl_divergence_max", "noise_floor", "noise_multiple", "same_top",
    "same_top_standard_error", "rms_delta_p", "perplexity_reference", "perplexity_candidate", "ln_perplexity_ratio",
    "ln_perplexity_ratio_standard_error", "tie_flips", "real_flips", "verdict",
)  # fmt: skip
_FIGURES = 18


def sweep_csv(snapshots: Iterable[SweepSnapshot]) -> str:
    """``category``: of a part as a whole, empty. A variant that was scored on nothing has one row, without figures."""
    return csv_text(_COLUMNS, (row for snapshot in snapshots for row in _rows(snapshot)))


def _rows(snapshot: SweepSnapshot) -> Iterator[list[Any]]:
    for swept in snapshot.result.variants:
        places = list(_places(snapshot, swept))
        for part, category, divergence in places:
            yield [*_about(snapshot, swept, part, category), *_figures(divergence)]
        if not places:
            yield [*_about(snapshot, swept, None, None), *[None] * _FIGURES]


def _places(snapshot: SweepSnapshot, swept: SweptVariant) -> Iterator[tuple[SweepPart, str | None, DivergenceSummary]]:
    for part in parts_of(snapshot.request):
        if found := divergence_on(swept, part):
            yield part, None, found
    for each in swept.by_category:
        yield SweepPart.SUITE, each.category, each.divergence


def _about(snapshot: SweepSnapshot, swept: SweptVariant, part: SweepPart | None, category: str | None) -> list[Any]:
    request, result = snapshot.request, snapshot.result
    return [
        request.run_id,
        request.model.id,
        request.model.revision,
        swept.variant.spelling,
        int(swept.variant == result.reference),
        snapshot.environment.device,
        part.value if part else None,
        category,
        swept.parameter_bytes,
        swept.peak_bytes,
        swept.needed_bytes,
        swept.tokens_per_second,
        swept.tokens_per_second_standard_error,
        int(swept.variant in result.frontier),
        int(swept.variant == result.verdict.recommended),
        swept.failure,
    ]


def _figures(divergence: DivergenceSummary) -> list[Any]:
    kl = divergence.kl_divergence
    return [
        divergence.tokens,
        kl.mean,
        kl.standard_error,
        kl.median,
        kl.p99,
        kl.max,
        divergence.noise_floor.mean,
        divergence.noise_multiple,
        divergence.same_top,
        divergence.same_top_standard_error,
        divergence.rms_delta_p,
        divergence.perplexity_reference,
        divergence.perplexity_candidate,
        divergence.ln_perplexity_ratio,
        divergence.ln_perplexity_ratio_standard_error,
        divergence.tie_flips,
        divergence.real_flips,
        divergence.verdict.text,
    ]
