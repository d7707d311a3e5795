"""Figures of a variant as cells of a Markdown table, each with its error where one is known. Pure."""

from __future__ import annotations

from quanttui.records import DivergenceSummary
from quanttui.runs.figures import Estimate, VariantFigures
from quanttui.units import (
    NOT_AVAILABLE,
    format_bytes,
    format_figure,
    format_multiple,
    format_percent,
    format_ratio,
    format_seconds,
)


def size(figures: VariantFigures) -> str:
    return _with_ratio(format_bytes(figures.load.report.parameter_bytes), figures.parameter_ratio)


def peak(figures: VariantFigures) -> str:
    return format_bytes(figures.peak_bytes)


def speed(figures: VariantFigures) -> str:
    """Tokens per second ± standard error over the prompts, and the ratio to the reference."""
    return _with_ratio(_rate(figures.tokens_per_second), figures.speed_ratio)


def load_time(figures: VariantFigures) -> str:
    return format_seconds(figures.load.report.load_seconds)


def first_divergence(figures: VariantFigures) -> str:
    """Counted from 1; "same" where the texts are equal."""
    if figures.is_reference:
        return "reference"
    found = ["same" if first is None else str(first + 1) for first in figures.first_divergences]
    return ", ".join(found) or NOT_AVAILABLE


def kl(divergence: DivergenceSummary | None) -> str:
    if divergence is None:
        return NOT_AVAILABLE
    return format_figure(divergence.kl_divergence.mean, divergence.kl_divergence.standard_error, "nats")


def floor_multiple(divergence: DivergenceSummary | None) -> str:
    return format_multiple(divergence.noise_multiple) if divergence else NOT_AVAILABLE


def same_top(divergence: DivergenceSummary | None) -> str:
    if divergence is None:
        return NOT_AVAILABLE
    error = divergence.same_top_standard_error
    shown = format_percent(divergence.same_top)
    return shown if error is None else f"{shown} ± {100 * error:.1f}"


def perplexity(divergence: DivergenceSummary | None) -> str:
    if divergence is None:
        return NOT_AVAILABLE
    return f"{divergence.perplexity_reference:.4g} → {divergence.perplexity_candidate:.4g}"


def perplexity_ratio(divergence: DivergenceSummary) -> str:
    """Its logarithm, signed: above 0 the candidate is more surprised than the reference."""
    error = divergence.ln_perplexity_ratio_standard_error
    shown = f"{divergence.ln_perplexity_ratio:+.4f}".replace("-", "−")
    return f"{shown} (no error: too few tokens)" if error is None else f"{shown} ± {error:.4f}"


def flips(divergence: DivergenceSummary | None) -> str:
    return f"{divergence.real_flips} + {divergence.tie_flips}" if divergence else NOT_AVAILABLE


def scored(divergence: DivergenceSummary | None) -> str:
    return f"{divergence.tokens:,}" if divergence else NOT_AVAILABLE


def _rate(rate: Estimate | None) -> str:
    if rate is None:
        return NOT_AVAILABLE
    return f"{rate.mean:.1f}" if rate.standard_error is None else f"{rate.mean:.1f} ± {rate.standard_error:.1f}"


def _with_ratio(shown: str, ratio: float | None) -> str:
    return shown if ratio is None else f"{shown} ({format_ratio(ratio)})"
