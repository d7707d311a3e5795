"""What a reader of a sweep has chosen to see: which divergence, on what, in which order, and which variant. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

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
    """``error``: one standard error, None where it is not known."""

    value: float
    error: float | None

    @property
    def low(self) -> float:
        """The 95 % interval's, or the figure itself."""
        return self.value - Z_95 * (self.error or 0.0)

    @property
    def high(self) -> float:
        return self.value + Z_95 * (self.error or 0.0)


def figure_of(divergence: DivergenceSummary, measure: Measure) -> Figure:
    match measure:
        case Measure.KL:
            return Figure(divergence.kl_divergence.mean, divergence.kl_divergence.standard_error)
        case Measure.FLIPS:
            return Figure(1 - divergence.same_top, divergence.same_top_standard_error)
        case Measure.PERPLEXITY:
            return Figure(divergence.ln_perplexity_ratio, divergence.ln_perplexity_ratio_standard_error)
