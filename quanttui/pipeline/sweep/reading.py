"""The reference's part of a sweep: what it says of each unit is read once and kept on the disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from quanttui.cache.shelf import KeptSide
from quanttui.engine.base import LoadedModel
from quanttui.errors import UsageError
from quanttui.pipeline.driving import exhausted
from quanttui.pipeline.sweep.course import Course
from quanttui.pipeline.sweep.kept_reference import keep_figures, told_again
from quanttui.pipeline.sweep.keys import unit_key
from quanttui.pipeline.sweep.speed import speed_measured
from quanttui.pipeline.sweep.units import PlannedUnit
from quanttui.records import GenerateRequest, ScoreRequest, SuitePrompt, SweepUnit, Variant
from quanttui.records.sweep_events import SweepEvent, UnitRead

Read = tuple[tuple[int, ...], int]
"""Token ids, and from which on they count."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One unit of the plan. ``known``: an earlier process of this sweep has read it. ``side``: it lies on the disk."""

    planned: PlannedUnit
    key: str
    known: SweepUnit | None
    side: KeptSide | None


def read_units(course: Course) -> Iterator[SweepEvent]:
    """The reference is loaded only where something is missing that it alone can say."""
    readings = [_looked_up(course, planned, known) for planned, known in matched(course.plan.units, course.units)]
    figures = told_again(course)
    if figures is not None and not any(_needs_model(course, reading) for reading in readings):
        yield from figures
        for reading in readings:
            yield from _read(course, reading, None)
    else:
        yield from course.with_model(course.ledger.reference, partial(_read_all, readings))
        keep_figures(course)


def matched(
    planned: Sequence[PlannedUnit], known: Sequence[SweepUnit]
) -> Iterator[tuple[PlannedUnit, SweepUnit | None]]:
    """The plan, each unit with what an earlier process has read of it; what that one left out is left out again."""
    rest = list(reversed(known))
    for unit in planned:
        if rest and (rest[-1].part, rest[-1].name, rest[-1].category) == (unit.part, unit.name, unit.category):
            yield unit, rest.pop()
        elif not rest:
            yield unit, None


def _looked_up(course: Course, planned: PlannedUnit, known: SweepUnit | None) -> Reading:
    key = unit_key(planned, course.ledger.request.generation)
    side = course.shelf.find(key)
    if side is not None and known is not None and (side.token_ids, side.first_scored) != _read_as(known):
        side = None
    return Reading(planned, key, known, side)


def _read_as(unit: SweepUnit) -> Read:
    return unit.token_ids, unit.first_scored


def _needs_model(course: Course, reading: Reading) -> bool:
    """Not where the side is there, nor where every candidate has been scored on it."""
    return reading.side is None and not _is_scored(course, reading)


def _is_scored(course: Course, reading: Reading) -> bool:
    unit = reading.known
    return unit is not None and all(
        (variant, unit.index) in course.ledger.cells for variant in course.running_candidates
    )


def _read_all(
    readings: Sequence[Reading], course: Course, model: LoadedModel, variant: Variant
) -> Iterator[SweepEvent]:
    yield from speed_measured(course, model, variant)
    course.teller.now("reading", variant)
    for reading in readings:
        yield from _read(course, reading, model)
        yield from course.teller.if_due()


def _read(course: Course, reading: Reading, model: LoadedModel | None) -> Iterator[SweepEvent]:
    if _needs_model(course, reading):
        assert model is not None
        read = _by_reference(course, reading, model)
        if read is None:
            return
        course.shelf.keep(reading.key, *read)
    elif reading.side is not None:
        read = reading.side.token_ids, reading.side.first_scored
    else:
        assert reading.known is not None
        read = _read_as(reading.known)
    index = reading.known.index if reading.known else len(course.ledger.units)
    course.side_keys[index] = reading.key
    if reading.known is None:
        planned = reading.planned
        from_cache = reading.side is not None
        yield UnitRead(SweepUnit(index, planned.part, planned.name, planned.category, *read, from_cache=from_cache))


def _by_reference(course: Course, reading: Reading, model: LoadedModel) -> Read | None:
    """None where the unit is left out: its prompt does not fit, or nothing follows it."""
    window, prompt = reading.planned.window, reading.planned.prompt
    if window is not None:
        read: Read | None = (window.token_ids, window.first_scored)
    else:
        assert prompt is not None
        read = _continued(course, prompt, model)
        if reading.known is not None:  # what was scored already stands, whatever is said now
            read = _read_as(reading.known)
    if read is not None:
        request = ScoreRequest(
            reading.key, *read, is_reference=True, side_path=course.shelf.path(reading.key), keep_head=course.keep_head
        )
        exhausted(course.engine, model.score(request), course.cancelled)
    return read


def _continued(course: Course, prompt: SuitePrompt, model: LoadedModel) -> Read | None:
    request = GenerateRequest(prompt.text, course.ledger.request.generation, keep_states=True)
    try:
        output = exhausted(course.engine, model.generate(request), course.cancelled)
    except UsageError as error:
        course.ledger.note(f"prompt {prompt.id} is left out: {error.message}")
        return None
    if not output.token_ids:
        course.ledger.note(f"prompt {prompt.id} is left out: nothing follows it")
        return None
    return output.prompt_token_ids + output.token_ids, len(output.prompt_token_ids)
