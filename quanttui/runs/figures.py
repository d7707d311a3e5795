"""What each variant of a run costs, as figures: one row a load, means over the prompts. Pure; knows records only."""

from __future__ import annotations

import math
from dataclasses import dataclass

from quanttui.records import CandidateResult, DivergenceSummary, LoadRecord, Output, Run, Variant


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over ``count`` values; ``standard_error`` None below two."""

    mean: float
    standard_error: float | None
    count: int


@dataclass(frozen=True, slots=True)
class VariantFigures:
    """One variant of a run; None where it was not measured. Ratios are to the reference, None on the reference's row.

    ``first_divergences``: one a prompt, counted from 0; None: the texts are equal.
    """

    variant: Variant
    is_reference: bool
    load: LoadRecord
    parameter_ratio: float | None
    peak_bytes: int | None
    peak_ratio: float | None
    tokens_per_second: Estimate | None
    first_token_seconds: Estimate | None
    speed_ratio: float | None
    first_divergences: tuple[int | None, ...]
    divergence: DivergenceSummary | None


def run_figures(run: Run) -> list[VariantFigures]:
    """The reference's figures first, then each candidate's in the order of the run."""
    rows: list[VariantFigures] = []
    for index, load in enumerate(run.loads):
        rows.append(_figures(run, load, rows[0] if index else None))
    return rows


def estimate(values: list[float | None]) -> Estimate | None:
    """Mean ± standard error of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    count, mean = len(known), sum(known) / len(known)
    if count < 2:
        return Estimate(mean, None, count)
    variance = sum((value - mean) ** 2 for value in known) / (count - 1)
    return Estimate(mean, math.sqrt(variance / count), count)


def _figures(run: Run, load: LoadRecord, reference: VariantFigures | None) -> VariantFigures:
    variant = load.report.variant
    results = _results(run, variant) if reference else []
    outputs = [result.output for result in results] if reference else [prompt.reference for prompt in run.prompts]
    speed = estimate([output.tokens_per_second for output in outputs])
    peak = load.unload.peak_bytes if load.unload else None
    weights = reference.load.report.parameter_bytes if reference else None
    return VariantFigures(
        variant=variant,
        is_reference=reference is None,
        load=load,
        parameter_ratio=_ratio(load.report.parameter_bytes, weights),
        peak_bytes=peak,
        peak_ratio=_ratio(peak, reference.peak_bytes if reference else None),
        tokens_per_second=speed,
        first_token_seconds=estimate([output.time_to_first_token_seconds for output in outputs]),
        speed_ratio=_ratio(_mean(speed), _mean(reference.tokens_per_second) if reference else None),
        first_divergences=tuple(result.first_divergence for result in results),
        divergence=next((known.divergence for known in run.summaries if reference and known.variant == variant), None),
    )


def _results(run: Run, variant: Variant) -> list[CandidateResult]:
    return [result for prompt in run.prompts for result in prompt.candidates if result.variant == variant]


def _mean(of: Estimate | None) -> float | None:
    return of.mean if of else None


def _ratio(value: float | None, reference: float | None) -> float | None:
    return value / reference if value is not None and reference else None


def output_of(run: Run, prompt: int, variant: Variant) -> Output | None:
    """What ``variant`` made of prompt number ``prompt``; None where it did not get that far."""
    result = run.prompts[prompt]
    if variant == result.reference_variant:
        return result.reference
    return next((candidate.output for candidate in result.candidates if candidate.variant == variant), None)
