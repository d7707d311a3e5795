"""A sweep that has only so much time: it ends within it, with as many units for every variant as fit."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sweep_doubles import BF16, FP4, INT8, NF4, REQUEST, UNITS, WorkClock

from quanttui.cache.sides import SideCache
from quanttui.engine.scripted import ScriptedEngine
from quanttui.pipeline.sweep import run_sweep
from quanttui.pipeline.sweep.pace import Pace, Work
from quanttui.records import SuitePrompt, SweepBudget, SweepPart
from quanttui.records.sweep_events import SweepFinished, SweepTallied, UnitRead, UnitsDropped

MANY = replace(
    REQUEST,
    candidates=(INT8, FP4),
    prompts=tuple(SuitePrompt(f"p{number}", "story", "once") for number in range(20)),
    texts=(replace(REQUEST.texts[0], text=REQUEST.texts[0].text * 4),),
    generation=replace(REQUEST.generation, max_new_tokens=2),
    protocol=replace(REQUEST.protocol, context_length=32),
)


def timed(tmp_path, seconds, cost, request=MANY):
    """The events of a sweep that may take so long, and how long it took."""
    clock = WorkClock(cost)
    request = replace(request, budget=SweepBudget(seconds=seconds))
    began = clock.now
    events = list(run_sweep(ScriptedEngine(hold=clock), request, SideCache(tmp_path), clock=clock))
    return events, clock.now - began


def even(stage, spelling):
    return {"load": 0.01, "generate": 0.01, "score": 0.05}.get(stage, 0.0)


def slow_candidates(stage, spelling):
    return even(stage, spelling) * (1 if spelling == "bf16" else 6)


def slow_last(stage, spelling):
    return even(stage, spelling) * (5 if spelling == "fp4" else 1)


def fast_candidates(stage, spelling):
    return even(stage, spelling) * (1 if spelling == "bf16" else 0.3)


@cache
def whole_seconds(cost):
    with TemporaryDirectory() as folder:
        return timed(Path(folder), None, cost)[1]


@pytest.mark.parametrize(
    ("cost", "share"), [(even, 0.6), (slow_candidates, 0.3), (slow_last, 0.3), (slow_last, 0.7), (fast_candidates, 0.5)]
)
def test_a_sweep_ends_within_its_time(tmp_path, cost, share):
    seconds = share * whole_seconds(cost)
    events, took = timed(tmp_path, seconds, cost)
    assert isinstance(events[-1], SweepFinished)
    assert took <= 1.15 * seconds
    assert events[-1].sweep.kept_units


@pytest.mark.parametrize("share", [0.4, 0.8])
def test_the_time_is_used(tmp_path, share):
    seconds = share * whole_seconds(even)
    _, took = timed(tmp_path, seconds, even)
    assert took >= 0.7 * seconds


def test_every_variant_has_the_same_units_and_both_parts(tmp_path):
    events, _ = timed(tmp_path, 0.3 * whole_seconds(slow_last), slow_last)
    end = events[-1]
    kept = end.sweep.kept_units
    assert {one.done for one in end.snapshot.progress.by_variant} == {kept}
    assert {unit.part for unit in end.sweep.units[:kept]} == set(SweepPart)
    assert len({row.text.tokens for row in end.snapshot.result.variants[1:]}) == 1
    assert any(f"{kept} of" in note for note in end.sweep.notes)
    read = end.snapshot.read
    assert (read.prompts + read.windows, read.time_was_short) == (kept, True)
    assert read.windows == sum(unit.part is SweepPart.TEXT for unit in end.sweep.units[:kept])


def test_what_is_dropped_is_told_and_read_by_nobody(tmp_path):
    events, _ = timed(tmp_path, 0.3 * whole_seconds(even), even)
    dropped = [event.kept for event in events if isinstance(event, UnitsDropped)]
    assert dropped == sorted(dropped, reverse=True)
    assert dropped[-1] == events[-1].sweep.kept_units
    assert len([event for event in events if isinstance(event, UnitRead)]) == dropped[0]


def test_no_time_at_all_leaves_one_unit_of_each_part(tmp_path):
    events, _ = timed(tmp_path, 0.01, even)
    end = events[-1]
    assert end.sweep.kept_units == 2
    assert all(row.text and row.suite for row in end.snapshot.result.variants[1:])


def test_enough_time_drops_nothing(tmp_path):
    events, _ = timed(tmp_path, 10_000, even, REQUEST)
    assert not [event for event in events if isinstance(event, UnitsDropped)]
    assert len(events[-1].sweep.units) == UNITS


def test_what_remains_is_foretold(tmp_path):
    clock = WorkClock(even)
    events, told = [], []
    for event in run_sweep(ScriptedEngine(hold=clock), MANY, SideCache(tmp_path), clock=clock):
        events.append(event)
        if isinstance(event, SweepTallied):
            told.append((clock.now, event.snapshot.progress))
    ended = clock.now
    known = [(at, progress) for at, progress in told[:-1] if progress.remaining_seconds is not None]
    assert len(known) > len(told) / 3
    for at, progress in known[len(known) // 4 :]:
        assert progress.remaining_seconds == pytest.approx(ended - at, rel=0.3, abs=0.5)
    done = [progress.cells_done for _, progress in told]
    assert done == sorted(done)


def test_a_pace_that_was_not_seen_is_taken_from_the_others():
    pace = Pace(BF16)
    assert pace.seconds(INT8, Work.TEXT) is None
    pace.note(BF16, Work.LOAD, 4.0)
    assert pace.seconds(BF16, Work.TEXT) is None
    assert pace.seconds(NF4, Work.LOAD) == 5.0  # a quarter more is usual for what is quantized
    pace.note_baseline(Work.TEXT, 2.0)
    assert pace.seconds(NF4, Work.TEXT) == 2.5
    pace.note(INT8, Work.TEXT, 8.0)
    pace.note(INT8, Work.TEXT, 10.0)
    assert (pace.seconds(INT8, Work.TEXT), pace.seconds(FP4, Work.TEXT)) == (9.0, 9.0)
    assert pace.seconds(INT8, Work.SUITE) == 9.0
