"""The reference's part of a sweep: what it says of each unit is read once and kept on the disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from quanttui.engine.base import LoadedModel
from quanttui.errors import UsageError
from quanttui.pipeline.driving import exhausted
from quanttui.pipeline.sweep.budget import is_too_late_to_read
from quanttui.pipeline.sweep.course import Course
from quanttui.pipeline.sweep.kept_reference import keep_figures, told_again
from quanttui.pipeline.sweep.keys import REPLAY_TOKENS
from quanttui.pipeline.sweep.lookup import Reading
from quanttui.pipeline.sweep.pace import WORK_OF
from quanttui.pipeline.sweep.speed import speed_measured
from quanttui.records import GenerateRequest, ScoreRequest, SuitePrompt, SweepUnit, Variant
from quanttui.records.sweep_events import SweepEvent, UnitRead, UnitsDropped

Read = tuple[tuple[int, ...], int]
"""Token ids, and from which on they count."""

_BASELINES = 3


def read_units(course: Course, readings: Sequence[Reading]) -> Iterator[SweepEvent]:
    """The reference is loaded only where something is missing that it alone can say."""
    is_missing = any(reading.needs_model for reading in readings[: course.outlook.kept])
    figures = None if is_missing else told_again(course)  # which notes that it was not loaded
    if figures is not None:
        yield from figures
        yield from _read_all(readings, course)
    else:
        yield from course.with_model(course.ledger.reference, partial(_with_reference, readings))
        keep_figures(course)


def _with_reference(
    readings: Sequence[Reading], course: Course, model: LoadedModel, variant: Variant
) -> Iterator[SweepEvent]:
    yield from speed_measured(course, model, variant)
    course.teller.now("reading", variant)
    if not any(reading.needs_model for reading in readings) and not course.has_given_back(variant):
        longest = max((reading for reading in readings if reading.known), key=_tokens, default=None)
        if longest is not None:  # how much memory it takes was not seen to the end
            _by_reference(course, longest, model)
    yield from _read_all(readings, course, model)


def _read_all(readings: Sequence[Reading], course: Course, model: LoadedModel | None = None) -> Iterator[SweepEvent]:
    for reading in readings:
        if reading.known is not None and reading.known.index >= course.outlook.kept:
            continue  # an earlier process read it, and left it out later
        if reading.known is None:
            if len(course.ledger.units) >= course.outlook.kept:
                return
            if is_too_late_to_read(course):
                yield UnitsDropped(len(course.ledger.units))
                return
        yield from _read(course, reading, model)
        yield from course.teller.if_due()


def _tokens(reading: Reading) -> int:
    return len(reading.known.token_ids) if reading.known else 0


def _read(course: Course, reading: Reading, model: LoadedModel | None) -> Iterator[SweepEvent]:
    read = _known_or_read(course, reading, model)
    if read is None:
        course.outlook.leave_out(len(course.ledger.units))
        return
    index = reading.known.index if reading.known else len(course.ledger.units)
    course.side_keys[index] = reading.key
    if reading.known is None:
        unit = reading.planned
        from_cache = reading.side is not None
        yield UnitRead(SweepUnit(index, unit.part, unit.name, unit.category, *read, from_cache=from_cache))


def _known_or_read(course: Course, reading: Reading, model: LoadedModel | None) -> Read | None:
    """None where the unit is left out: its prompt does not fit, or nothing follows it."""
    if reading.needs_model:
        assert model is not None
        return _by_reference(course, reading, model)
    known = reading.side or reading.known
    assert known is not None
    return known.token_ids, known.first_scored


def _by_reference(course: Course, reading: Reading, model: LoadedModel) -> Read | None:
    with course.timed(course.ledger.reference, WORK_OF[reading.planned.part]):
        read = _text_of(course, reading, model)
        if read is None:
            return None
        request = ScoreRequest(
            reading.key,
            *read,
            is_reference=True,
            side_path=course.shelf.path(reading.key),
            keep_head=course.keep_head,
            replay_tokens=REPLAY_TOKENS,
        )
        exhausted(course.engine, model.score(request), course.cancelled)
        course.shelf.keep(reading.key, *read, has_head=course.keep_head)
    _note_baseline(course, reading, model, read)
    return read


def _text_of(course: Course, reading: Reading, model: LoadedModel) -> Read | None:
    if reading.planned.window is not None:
        return reading.planned.window.token_ids, reading.planned.window.first_scored
    assert reading.planned.prompt is not None
    read = _continued(course, reading.planned.prompt, model)
    if reading.known is None:
        return read
    return reading.known.token_ids, reading.known.first_scored  # what was scored stands, whatever is said now


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


def _note_baseline(course: Course, reading: Reading, model: LoadedModel, read: Read) -> None:
    """Where time is short: what a candidate will have to do, done by the reference a few times to see how long."""
    pace, work = course.outlook.pace, WORK_OF[reading.planned.part]
    if course.ledger.request.budget.seconds is None or course.ledger.cells or pace.baselines(work) >= _BASELINES:
        return
    began = course.clock()
    side = course.shelf.path(reading.key)
    request = ScoreRequest(reading.key, *read, is_reference=False, side_path=side, as_columns=True)
    exhausted(course.engine, model.score(request), course.cancelled)
    pace.note_baseline(work, course.clock() - began)
