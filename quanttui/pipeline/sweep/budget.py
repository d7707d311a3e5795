"""The time that a sweep may take: how many units can be kept for all variants as things stand. Reads no clock."""

from __future__ import annotations

from collections.abc import Iterator

from quanttui.pipeline.sweep.course import Course
from quanttui.records.sweep_events import UnitsDropped


def is_too_late_to_read(course: Course) -> bool:
    """Whether the next unit, once read, could not be scored by all in time."""
    seconds = _left(course)
    return seconds is not None and course.outlook.affordable(seconds) <= len(course.ledger.units)


def dropped(course: Course, kept: int | None = None) -> Iterator[UnitsDropped]:
    """Units from the end of the order, where they do not fit into what is left of the time."""
    seconds = _left(course)
    if seconds is None:
        return
    fitting = course.outlook.affordable(seconds) if kept is None else kept
    if fitting < course.outlook.kept:
        yield UnitsDropped(fitting)


def _left(course: Course) -> float | None:
    most = course.ledger.request.budget.seconds
    return None if most is None else most - course.teller.elapsed_seconds
