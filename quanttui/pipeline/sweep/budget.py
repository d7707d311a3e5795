"""The time that a sweep may take: how many units can be kept for all variants as things stand. Reads no clock."""

from __future__ import annotations

from collections.abc import Iterator

from quanttui.pipeline.sweep.course import Course
from quanttui.pipeline.sweep.teller import Teller
from quanttui.records.sweep_events import UnitsDropped
from quanttui.units import format_seconds


def is_too_late_to_read(course: Course) -> bool:
    """Whether the next unit, once read, could not be scored by all in time."""
    seconds = _left(course)
    return seconds is not None and course.outlook.affordable(seconds) <= len(course.ledger.units)


def dropped(course: Course) -> Iterator[UnitsDropped]:
    """Units from the end of the order, where they do not fit into what is left of the time."""
    seconds = _left(course)
    if seconds is not None and (fitting := course.outlook.affordable(seconds)) < course.outlook.kept:
        yield UnitsDropped(fitting)


def budget_notes(teller: Teller) -> Iterator[str]:
    """After the end: how much of what was asked for the time was enough for."""
    kept, most = teller.ledger.kept_units, teller.ledger.request.budget.seconds
    if kept is not None and most is not None and teller.outlook is not None:
        of = f"{kept} of {teller.outlook.planned} windows and prompts were read by all"
        yield f"{of}: there was no time for more in {format_seconds(most)}"


def _left(course: Course) -> float | None:
    most = course.ledger.request.budget.seconds
    return None if most is None else most - course.teller.elapsed_seconds
