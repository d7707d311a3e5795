"""Cells into figures: the table of a sweep at any moment of it, and what follows. Pure: no engine, clock or file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from quanttui.compare.columns import CandidateColumns, columns_of
from quanttui.compare.divergence import summarize
from quanttui.compare.sweep import conclude
from quanttui.errors import MeasurementError
from quanttui.pipeline.sweep.progress import progress_of
from quanttui.records import (
    CategoryDivergence,
    DivergenceSummary,
    Score,
    Sweep,
    SweepCell,
    SweepPart,
    SweepProgress,
    SweepSnapshot,
    SweepUnit,
    SweptVariant,
    UnitsRead,
    Variant,
)

Scores = Mapping[str, Sequence[Score]]
"""One variant's cells in the order of their units, by part and, of the suite, by category too."""


def tally(sweep: Sweep, progress: SweepProgress | None = None) -> SweepSnapshot:
    """The figures of all that ``sweep`` holds. ``progress`` None: that of a sweep at which nobody is working now."""
    return Tally().snapshot(sweep, progress)


class Tally:
    """Tallies one sweep as it grows: what has no new cell is not summed up again. Holds figures, and no column."""

    def __init__(self) -> None:
        self._summaries: dict[tuple[Variant, str], tuple[int, DivergenceSummary]] = {}

    def snapshot(self, sweep: Sweep, progress: SweepProgress | None = None) -> SweepSnapshot:
        scores = _scores_by_variant(sweep)
        rows = [_row(sweep, sweep.reference)]
        rows += [self._scored_row(sweep, variant, scores[variant]) for variant in sweep.request.candidates]
        able = [row.variant for row in rows[1:] if row.failure is None]
        columns = {part: _columns(able, scores, part) for part in SweepPart}
        return SweepSnapshot(
            request=sweep.request,
            environment=sweep.environment,
            result=conclude(rows, sweep.reference, sweep.request.limits, columns),
            progress=progress or progress_of(sweep),
            loads=sweep.loads,
            notes=sweep.notes,
            failure=sweep.failure,
            read=_units_read(sweep),
        )

    def _scored_row(self, sweep: Sweep, variant: Variant, scores: Scores) -> SweptVariant:
        """A figure that would mean nothing is the variant's failure: the others stand."""
        try:
            found = {name: self._summary(sweep, variant, name, scored) for name, scored in scores.items()}
        except MeasurementError as error:
            return _row(sweep, variant, failure=error.message)
        categories = dict.fromkeys(prompt.category for prompt in sweep.request.prompts)
        by_category = tuple(
            CategoryDivergence(name, found[_category(name)]) for name in categories if _category(name) in found
        )
        return _row(sweep, variant, found.get(SweepPart.TEXT), found.get(SweepPart.SUITE), by_category)

    def _summary(self, sweep: Sweep, variant: Variant, name: str, scores: Sequence[Score]) -> DivergenceSummary:
        count, summary = self._summaries.get((variant, name), (0, None))
        if summary is None or count != len(scores):
            of = "window" if name == SweepPart.TEXT else "text"
            summary = summarize(scores, reference=sweep.reference.spelling, candidate=variant.spelling, of=of)
            self._summaries[variant, name] = len(scores), summary
        return summary


def _category(name: str) -> str:
    return f"{SweepPart.SUITE}/{name}"


def _units_read(sweep: Sweep) -> UnitsRead:
    kept = _kept(sweep)
    suite = [unit.category for unit in kept if unit.part is SweepPart.SUITE]
    return UnitsRead(len(suite), len(set(suite)), len(kept) - len(suite), sweep.kept_units is not None)


def _kept(sweep: Sweep) -> list[SweepUnit]:
    return [unit for unit in sweep.units if sweep.kept_units is None or unit.index < sweep.kept_units]


def _scores_by_variant(sweep: Sweep) -> dict[Variant, Scores]:
    units = {unit.index: unit for unit in _kept(sweep)}
    found: dict[Variant, dict[str, list[Score]]] = defaultdict(lambda: defaultdict(list))
    for cell in sorted(sweep.cells, key=lambda cell: cell.unit):
        if cell.unit in units:
            for name in _places(units[cell.unit]):
                found[cell.variant][name].append(_as_score(cell))
    return {variant: found[variant] for variant in sweep.request.candidates}


def _places(unit: SweepUnit) -> tuple[str, ...]:
    return (unit.part,) if unit.part is SweepPart.TEXT else (unit.part, _category(unit.category))


def _as_score(cell: SweepCell) -> Score:
    return Score((), cell.noise_floor, 0, cell.seconds, cell.windows, (), cell.columns)


def _columns(
    variants: Iterable[Variant], scores: Mapping[Variant, Scores], part: SweepPart
) -> Sequence[CandidateColumns]:
    return [columns_of(variant, scores[variant][part]) for variant in variants if part in scores[variant]]


def _row(
    sweep: Sweep,
    variant: Variant,
    text: DivergenceSummary | None = None,
    suite: DivergenceSummary | None = None,
    by_category: tuple[CategoryDivergence, ...] = (),
    *,
    failure: str | None = None,
) -> SweptVariant:
    """With what its loads and its speed say; the highest peak of a variant that was loaded again after a stop."""
    loads = [load for load in sweep.loads if load.report.variant == variant]
    peaks = [load.unload.peak_bytes for load in loads if load.unload and load.unload.peak_bytes is not None]
    predicted = loads[-1].report.predicted if loads else None
    speed = next((speed for speed in sweep.speeds if speed.variant == variant), None)
    failed = next((failed.message for failed in sweep.failures if failed.variant == variant), failure)
    return SweptVariant(
        variant=variant,
        parameter_bytes=loads[-1].report.parameter_bytes if loads else None,
        peak_bytes=max(peaks, default=None),
        needed_bytes=predicted.needed_bytes if predicted else None,
        tokens_per_second=speed.tokens_per_second if speed else None,
        tokens_per_second_standard_error=speed.standard_error if speed else None,
        text=text,
        suite=suite,
        by_category=by_category,
        failure=failed,
        peaks_compare=sweep.environment.device != "cpu",
        speed_measured_on=speed.measured_on if speed else "",
    )
