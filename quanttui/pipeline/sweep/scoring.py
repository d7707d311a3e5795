"""A candidate's part of a sweep: loaded once, its speed measured, every unit scored against the reference's side."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing

from quanttui.engine.base import LoadedModel
from quanttui.errors import CacheError, CancelledError, MeasurementError, QuantTuiError, VariantUnsupportedError
from quanttui.pipeline.driving import stopped, watched
from quanttui.pipeline.sweep.budget import dropped
from quanttui.pipeline.sweep.course import Course
from quanttui.pipeline.sweep.pace import WORK_OF
from quanttui.pipeline.sweep.speed import is_speed_wanted, speed_measured
from quanttui.records import Score, ScoreRequest, SweepCell, SweepUnit, Variant, VariantFailure
from quanttui.records.sweep_events import CellScored, SweepEvent, SweepTallied, VariantFailed


def score_candidates(course: Course) -> Iterator[SweepEvent]:
    """One after the other. What ends one of them early is its own failure, and the next one goes on."""
    for variant in course.running_candidates:
        if (
            course.has_given_back(variant)
            and not is_speed_wanted(course, variant)
            and not course.missing_cells(variant)
        ):
            continue
        try:
            _check_supported(course, variant)
            yield from course.with_model(variant, _score_units)
        except (CancelledError, CacheError):
            raise
        except QuantTuiError as error:
            if course.cancelled():
                raise stopped() from error
            yield VariantFailed(VariantFailure(variant, error.message, error.hint))


def _score_units(course: Course, model: LoadedModel, variant: Variant) -> Iterator[SweepEvent]:
    yield from speed_measured(course, model, variant)
    course.teller.now("scoring", variant)
    missing = course.missing_cells(variant)
    if not missing and not course.has_given_back(variant):
        yield from _scored_again(course, model)
    for unit in missing:
        yield from dropped(course)
        if unit.index >= course.outlook.kept:
            return
        with course.timed(variant, WORK_OF[unit.part]):
            score = yield from _scored(course, model, unit)
        if score is None or score.columns is None:
            raise MeasurementError(
                f"the engine gave no figures of {unit.name}", "This is a defect of quanttui; please report it."
            )
        yield CellScored(SweepCell(variant, unit.index, score.columns, score.noise_floor, score.seconds, score.windows))
        for note in score.notes:
            course.ledger.note(f"{variant}: {note.partition(': ')[0]}")  # what follows is of this text alone


def _scored_again(course: Course, model: LoadedModel) -> Iterator[SweepEvent]:
    """Everything was scored when an earlier process ended, but not how much memory it took: the longest unit shows."""
    for unit in sorted(course.units, key=lambda unit: -len(unit.token_ids)):
        if course.shelf.find(course.side_keys[unit.index]) is not None:
            yield from _scored(course, model, unit)
            return


def _check_supported(course: Course, variant: Variant) -> None:
    """Told before anything is loaded: what the hardware cannot do, and what a model that was saved quantized is not."""
    environment, model = course.ledger.environment, course.ledger.request.model
    if reason := environment.unsupported.get(variant.precision):
        raise VariantUnsupportedError(
            f"{variant} cannot run on {environment.device}: {reason}", "Choose another variant."
        )
    if model.prequantized and variant.precision.is_quantized and variant.spelling != model.prequantized:
        raise VariantUnsupportedError(
            f"{model.id} was saved as {model.prequantized}: it cannot be made {variant}",
            f"Choose {model.prequantized}; for others take the model that it was made from.",
        )


def _scored(course: Course, model: LoadedModel, unit: SweepUnit) -> Generator[SweepTallied, None, Score | None]:
    """Figures are told while the engine is at work on the next unit: they cost it no time."""
    key = course.side_keys[unit.index]
    request = ScoreRequest(
        key,
        unit.token_ids,
        unit.first_scored,
        is_reference=False,
        side_path=course.shelf.path(key),
        as_columns=True,
    )
    work = watched(course.engine, model.score(request), lambda made: made, course.cancelled)
    with closing(work):
        while True:
            try:
                next(work)
            except StopIteration as stop:
                score: Score | None = stop.value
                return score
            yield from course.teller.if_due()
