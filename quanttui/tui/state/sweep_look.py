"""What a reader of a sweep has chosen to see: which divergence, on what, in which order, and which variant. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from quanttui.compare.statistics import log_interval
from quanttui.records import DivergenceSummary, SweepPart, Variant
from quanttui.units import Z_95


class Measure(StrEnum):
    """A divergence from the reference: 0 where there is none."""

    KL = "mean KL"
    FLIPS = "1 − same top"
    PERPLEXITY = "ln perplexity ratio"

    @property
    def is_logarithmic(self) -> bool:
        """A ratio of perplexities may be better than the reference's: below 0."""
        return self is not Measure.PERPLEXITY


class SweepOrder(StrEnum):
    MEMORY = "memory"
    DIVERGENCE = "divergence"
    SPEED = "speed"


@dataclass(frozen=True, slots=True)
class SweepLook:
    """One for all parts of the screen. ``part`` None: the one that ranks. ``selected`` None: the recommended one."""

    selected: Variant | None = None
    measure: Measure = Measure.KL
    part: SweepPart | None = None
    order: SweepOrder = SweepOrder.MEMORY

    def with_next_measure(self) -> SweepLook:
        measures = list(Measure)
        return replace(self, measure=measures[(measures.index(self.measure) + 1) % len(measures)])

    def with_next_order(self) -> SweepLook:
        orders = list(SweepOrder)
        return replace(self, order=orders[(orders.index(self.order) + 1) % len(orders)])


@dataclass(frozen=True, slots=True)
class Figure:
    """``error``: one standard error, None where it is not known. ``low`` to ``high``: its 95 % interval by the normal
    distribution, above 0 for what cannot be negative; the figure itself without an error."""

    value: float
    error: float | None
    low: float
    high: float

    @property
    def is_known(self) -> bool:
        """A model that answers NaN, or gives what stands there no chance at all, has no figure."""
        return math.isfinite(self.value)


EXACT_ZERO = Figure(0.0, None, 0.0, 0.0)


def figure_of(divergence: DivergenceSummary, measure: Measure) -> Figure:
    match measure:
        case Measure.KL:
            return _figure(divergence.kl_divergence.mean, divergence.kl_divergence.standard_error, measure)
        case Measure.FLIPS:
            return _figure(1 - divergence.same_top, divergence.same_top_standard_error, measure)
        case Measure.PERPLEXITY:
            error = divergence.ln_perplexity_ratio_standard_error
            return _figure(divergence.ln_perplexity_ratio, error, measure)


def _figure(value: float, error: float | None, measure: Measure) -> Figure:
    if error is not None and not math.isfinite(error):
        error = None
    if not math.isfinite(value):
        return Figure(value, None, value, value)
    if not measure.is_logarithmic:
        reach = Z_95 * (error or 0.0)
        return Figure(value, error, value - reach, value + reach)
    interval = log_interval(value, error)
    return Figure(value, error, *((value, value) if interval is None else (interval.low, interval.high)))
