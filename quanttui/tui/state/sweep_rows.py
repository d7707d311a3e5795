"""Each variant of a sweep with what plot and tables show of it: its figures, its rank, and whether it fits. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from quanttui.compare.standing import field_of
from quanttui.compare.sweep import beaten_by
from quanttui.records import DivergenceSummary, FitVerdict, SweepPart, SweptVariant, Variant
from quanttui.records.sweep_run import SweepSnapshot
from quanttui.tui.state.sweep_look import Figure, Measure, SweepLook, SweepOrder, figure_of
from quanttui.tui.visible import visible_run

Fits = Mapping[Variant, FitVerdict]
"""What has room now; a variant that is not in it was not asked for."""


@dataclass(frozen=True, slots=True)
class SweepRow:
    """``divergence``: on the part that is shown, None for the reference and for what has not been scored.
    ``memory_bytes``: of the kind that the whole sweep is ranked by. ``done`` of ``total`` units have been read."""

    swept: SweptVariant
    memory_bytes: int | None
    divergence: DivergenceSummary | None
    is_reference: bool
    is_recommended: bool
    is_runner_up: bool
    on_frontier: bool
    beaten_by: Variant | None
    fit: FitVerdict | None
    done: int
    total: int

    @property
    def variant(self) -> Variant:
        return self.swept.variant

    @property
    def name(self) -> str:
        """Safe to show."""
        return visible_run(self.variant.spelling)

    @property
    def is_growing(self) -> bool:
        """Its figures stand on a part of what it shall read."""
        return self.swept.failure is None and self.done < self.total

    def figure(self, measure: Measure) -> Figure | None:
        return None if self.divergence is None else figure_of(self.divergence, measure)


@dataclass(frozen=True, slots=True)
class SweepRows:
    """``rows``: in the order asked for. ``memory_is_peak``: else memory is that of the weights. ``noise_nats``: how far
    the reference is from itself. ``parts``: what has been scored by any variant."""

    rows: tuple[SweepRow, ...]
    part: SweepPart
    parts: tuple[SweepPart, ...]
    memory_is_peak: bool
    noise_nats: float | None
    selected: SweepRow | None

    @property
    def memory_words(self) -> str:
        return "peak memory" if self.memory_is_peak else "weights"

    def step(self, by: int) -> Variant | None:
        """The variant ``by`` rows from the selected one, or the last on the way."""
        if not self.rows:
            return None
        at = self.rows.index(self.selected) if self.selected in self.rows else -1
        return self.rows[max(0, min(len(self.rows) - 1, at + by))].variant


def is_whole(snapshot: SweepSnapshot) -> bool:
    """Whether every variant that did not fail has read all that it shall."""
    failed = {swept.variant for swept in snapshot.result.variants if swept.failure is not None}
    each = [one for one in snapshot.progress.by_variant if one.variant not in failed]
    return bool(each) and all(one.done >= one.total for one in each)


def has_figures(snapshot: SweepSnapshot) -> bool:
    """Whether any candidate has been scored: before that, an answer would be one about the reference alone."""
    return any(swept.text is not None or swept.suite is not None for swept in snapshot.result.variants)


def sweep_rows(snapshot: SweepSnapshot, look: SweepLook, fits: Fits) -> SweepRows:
    result = snapshot.result
    field = field_of(result.variants, result.reference)
    parts = tuple(part for part in SweepPart if any(_on(swept, part) is not None for swept in result.variants))
    part = look.part if look.part in parts else parts[0] if parts else SweepPart.TEXT
    beaters = beaten_by(result)
    progress = {each.variant: (each.done, each.total) for each in snapshot.progress.by_variant}

    def row(swept: SweptVariant) -> SweepRow:
        variant = swept.variant
        done, total = progress.get(variant, (0, 0))
        return SweepRow(
            swept,
            swept.peak_bytes if field.memory_is_peak and swept.peak_bytes is not None else swept.parameter_bytes,
            _on(swept, part),
            is_reference=variant == result.reference,
            is_recommended=bool(parts) and variant == result.verdict.recommended,
            is_runner_up=bool(parts) and variant == result.verdict.runner_up,
            on_frontier=variant in result.frontier,
            beaten_by=beaters.get(variant),
            fit=fits.get(variant),
            done=done,
            total=total,
        )

    rows = tuple(sorted(map(row, result.variants), key=lambda row: _key(row, look)))
    noise = next((row.divergence.noise_floor.mean for row in rows if row.divergence is not None), None)
    return SweepRows(rows, part, parts, field.memory_is_peak, noise, _selected(rows, look))


def _on(swept: SweptVariant, part: SweepPart) -> DivergenceSummary | None:
    return swept.text if part is SweepPart.TEXT else swept.suite


def _key(row: SweepRow, look: SweepLook) -> tuple[float, float]:
    """What is not known comes last; the reference diverges least."""
    memory = math.inf if row.memory_bytes is None else float(row.memory_bytes)
    match look.order:
        case SweepOrder.MEMORY:
            return memory, _divergence(row, look.measure)
        case SweepOrder.DIVERGENCE:
            return _divergence(row, look.measure), memory
        case SweepOrder.SPEED:
            return -(row.swept.tokens_per_second or 0.0), memory


def _divergence(row: SweepRow, measure: Measure) -> float:
    figure = row.figure(measure)
    if figure is None:
        return -1.0 if row.is_reference else math.inf
    return abs(figure.value) if figure.is_known else math.inf


def _selected(rows: tuple[SweepRow, ...], look: SweepLook) -> SweepRow | None:
    """The chosen one; without a choice the recommended one, else the first that has figures."""
    chosen = [row for row in rows if row.variant == look.selected]
    recommended = [row for row in rows if row.is_recommended]
    measured = [row for row in rows if row.divergence is not None]
    return next(iter([*chosen, *recommended, *measured, *rows]), None)
