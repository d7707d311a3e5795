"""How each variant of a sweep stands before the user's limits: what it takes, how far it is, which limits it breaks and
by how much. Knows a sweep's records; which of them is chosen stands in ``recommendation``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from quanttui.records import DivergenceSummary, SweepLimits, SweepPart, SweptVariant, Variant, VerdictLevel

_NEAR = (VerdictLevel.INDISTINGUISHABLE, VerdictLevel.SMALL)


@dataclass(frozen=True, slots=True)
class Standing:
    """One variant that could be the answer. ``memory_bytes``: of one kind over the whole field. ``parts``: what was
    scored, the part that ranks first; () for the reference, which is at 0 nats from itself."""

    variant: Variant
    memory_bytes: int | None
    tokens_per_second: float | None
    tokens_per_second_standard_error: float | None
    parts: tuple[tuple[SweepPart, DivergenceSummary], ...]

    @property
    def is_reference(self) -> bool:
        return not self.parts

    @property
    def kl(self) -> float:
        """What it is ranked by: the mean KL of the first part."""
        return self.parts[0][1].kl_divergence.mean if self.parts else 0.0

    @property
    def worst_kl(self) -> float:
        return max((part.kl_divergence.mean for _, part in self.parts), default=0.0)

    @property
    def worst_same_top(self) -> float:
        return min((part.same_top for _, part in self.parts), default=1.0)

    @property
    def is_within_noise(self) -> bool:
        """Whether no part found a difference from the reference."""
        return all(part.verdict.level is VerdictLevel.INDISTINGUISHABLE for _, part in self.parts)

    @property
    def is_near(self) -> bool:
        """Whether on every part its difference from the reference is small at most, by its verdict."""
        return all(part.verdict.level in _NEAR for _, part in self.parts)


@dataclass(frozen=True, slots=True)
class Field:
    """All that could be the answer, and what could not. ``memory_is_peak``: ``memory_bytes`` is the measured peak,
    known of every standing and comparable; else the bytes of the weights."""

    reference: Variant
    standings: tuple[Standing, ...]
    failed: tuple[Variant, ...]
    waiting: tuple[Variant, ...]
    memory_is_peak: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """``tied_with``: the most faithful one, where the tie with it went to ``recommended``. ``eligible``: how many keep
    every limit; ``smallest``: the smallest of them was asked for, not the most faithful."""

    recommended: Standing
    runner_up: Standing | None
    tied_with: Standing | None
    eligible: int
    smallest: bool


class Limit(Enum):
    MEMORY = auto()
    SAME_TOP = auto()
    KL = auto()
    SPEED = auto()


@dataclass(frozen=True, slots=True)
class Miss:
    """A limit that a variant breaks. ``shortfall``: by how much, in the limit's own unit, None where the figure is not
    known. ``relative``: the shortfall over the limit."""

    limit: Limit
    shortfall: float | None
    relative: float


def field_of(variants: Sequence[SweptVariant], reference: Variant) -> Field:
    """The text ranks where any variant has been scored on it, else the suite; what has not been scored on that part
    yet is waiting."""
    running = [swept for swept in variants if swept.failure is None]
    rank_by = SweepPart.TEXT if any(swept.text is not None for swept in running) else SweepPart.SUITE
    able = [swept for swept in running if swept.variant == reference or _parts(swept, rank_by)]
    is_peak = all(swept.peak_bytes is not None and swept.peaks_compare for swept in able)
    return Field(
        reference,
        tuple(_standing(swept, reference, rank_by, is_peak) for swept in able),
        failed=tuple(swept.variant for swept in variants if swept.failure is not None),
        waiting=tuple(swept.variant for swept in running if swept not in able),
        memory_is_peak=is_peak,
    )


def misses_of(standing: Standing, limits: SweepLimits) -> list[Miss]:
    """Every limit that it breaks. A figure that is not known keeps no limit."""
    found = [
        _miss(Limit.MEMORY, limits.memory_bytes, _excess(standing.memory_bytes, limits.memory_bytes)),
        _miss(Limit.SAME_TOP, limits.least_same_top, _excess(limits.least_same_top, standing.worst_same_top)),
        _miss(Limit.KL, limits.most_kl_nats, _excess(standing.worst_kl, limits.most_kl_nats)),
        _miss(Limit.SPEED, limits.least_tokens_per_second,
              _excess(limits.least_tokens_per_second, standing.tokens_per_second)),
    ]  # fmt: skip
    return [miss for miss in found if miss is not None]


def relax(limits: SweepLimits, limit: Limit, standing: Standing) -> SweepLimits:
    """``limits`` with one moved to what ``standing`` keeps."""
    match limit:
        case Limit.MEMORY:
            return replace(limits, memory_bytes=standing.memory_bytes)
        case Limit.SAME_TOP:
            return replace(limits, least_same_top=standing.worst_same_top)
        case Limit.KL:
            return replace(limits, most_kl_nats=standing.worst_kl)
        case Limit.SPEED:
            return replace(limits, least_tokens_per_second=standing.tokens_per_second)


def _excess(more: float | None, less: float | None) -> float | None:
    return None if more is None or less is None else more - less


def _miss(name: Limit, limit: float | None, shortfall: float | None) -> Miss | None:
    if limit is None or (shortfall is not None and shortfall <= 0):
        return None
    if shortfall is None:
        return Miss(name, None, math.inf)
    return Miss(name, shortfall, shortfall / limit if limit else math.inf)


def _parts(swept: SweptVariant, rank_by: SweepPart) -> tuple[tuple[SweepPart, DivergenceSummary], ...]:
    """() where the part that ranks is missing."""
    parts = {SweepPart.TEXT: swept.text, SweepPart.SUITE: swept.suite}
    if parts[rank_by] is None:
        return ()
    return tuple((part, summary) for part, summary in parts.items() if summary is not None)


def _standing(swept: SweptVariant, reference: Variant, rank_by: SweepPart, is_peak: bool) -> Standing:
    return Standing(
        swept.variant,
        swept.peak_bytes if is_peak else swept.parameter_bytes,
        swept.tokens_per_second,
        swept.tokens_per_second_standard_error,
        () if swept.variant == reference else _parts(swept, rank_by),
    )
