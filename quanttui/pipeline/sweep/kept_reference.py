"""The reference's own figures, kept beside its sides: a sweep that finds both does not load it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from quanttui.cache.shelf import KeptReference
from quanttui.pipeline.sweep.course import Course
from quanttui.pipeline.sweep.speed import is_speed_wanted
from quanttui.records import EngineDescription
from quanttui.records.events import ModelLoaded, ModelUnloaded
from quanttui.records.sweep_events import SpeedMeasured, SweepEvent


def keep_figures(course: Course) -> None:
    """After its load: what it took and how fast it was. A speed that was not asked for now does not go lost."""
    ledger, reference = course.ledger, course.ledger.reference
    loads = [load for load in ledger.loads if load.report.variant == reference and load.unload is not None]
    speed = ledger.speeds.get(reference)
    if loads and (speed is not None or not ledger.request.protocol.speed_tokens):
        tokens = ledger.request.protocol.speed_tokens
        course.shelf.keep_reference(KeptReference(loads[-1], _machine(ledger.environment), time.time(), speed, tokens))


def told_again(course: Course) -> list[SweepEvent] | None:
    """What has to be told of a reference that is not loaded; None where it must be, for its figures' sake."""
    ledger, reference = course.ledger, course.ledger.reference
    wants_speed = is_speed_wanted(course, reference)
    wants_load = not course.has_given_back(reference)
    if not wants_speed and not wants_load:
        return []
    kept = course.shelf.reference()
    if kept is None or kept.machine != _machine(ledger.environment) or kept.load.unload is None:
        return None
    if wants_speed and (kept.speed is None or kept.speed_tokens != ledger.request.protocol.speed_tokens):
        return None
    day = time.strftime("%Y-%m-%d", time.localtime(kept.measured_seconds))
    ledger.note(f"{reference} was not loaded: an earlier sweep kept what it said; its memory and speed are of {day}")
    if kept.speed is not None:
        kept = replace(kept, speed=replace(kept.speed, measured_on=kept.speed.measured_on or day))
    return list(_events(kept, course, wants_speed=wants_speed, wants_load=wants_load))


def _events(kept: KeptReference, course: Course, *, wants_speed: bool, wants_load: bool) -> Iterator[SweepEvent]:
    if wants_load and kept.load.unload is not None:
        yield ModelLoaded(course.ledger.reference, kept.load.report)
        yield ModelUnloaded(course.ledger.reference, kept.load.unload)
    if wants_speed and kept.speed is not None:
        yield SpeedMeasured(kept.speed)


def _machine(environment: EngineDescription) -> str:
    return f"{environment.device} {environment.device_name}, {environment.threads} threads"
