"""Recording never changes a sweep: what passes, what is said, and that a fault of the history stops nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sweep_doubles import REQUEST as SCRIPTED_REQUEST

from quanttui.cache.sides import SideCache
from quanttui.engine.scripted import ScriptedEngine
from quanttui.errors import HistoryError
from quanttui.pipeline.recorded_sweep import recorded_sweep, recording_sweep
from quanttui.pipeline.sweep import run_sweep
from quanttui.records import EngineDescription, ModelEntry, ModelSource, SuitePrompt, Sweep, SweepPart, SweepUnit
from quanttui.records.events import ModelLoaded
from quanttui.records.history import RunState
from quanttui.records.sweep_events import SweepEvent, SweepFailed, SweepStarted, UnitRead, UnitsDropped
from quanttui.records.sweep_run import SweepRequest
from quanttui.runs.store import RunStore
from quanttui.variants import parse_variant

REQUEST = SweepRequest(
    "sweep-1",
    ModelEntry("demo", "/nowhere", ModelSource.DEMO),
    None,
    (parse_variant("nf4"),),
    (SuitePrompt("p", "story", "Once"),),
)
STARTED = SweepStarted(REQUEST, EngineDescription("cpu", "Test CPU", 1, {}, 1), parse_variant("bf16"))
UNITS = tuple(SweepUnit(n, SweepPart.SUITE, "p", "story", (1, 2, 3), 1) for n in range(3))
EVENTS: tuple[SweepEvent, ...] = (
    STARTED, *map(UnitRead, UNITS), UnitsDropped(2), SweepFailed(None, None, "why", "what next", 1)
)  # fmt: skip


def unexpected(error: HistoryError) -> None:
    raise AssertionError(error)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def test_the_events_pass_unchanged_and_the_sweep_is_kept(path: Path) -> None:
    record = recording_sweep(path, "command", rerun_of="before")
    assert tuple(recorded_sweep(iter(EVENTS), record, unexpected)) == EVENTS
    with RunStore.open_existing(path) as store:
        stored = store.read_sweep("sweep-1")
    assert (stored.sweep.units, stored.sweep.kept_units) == (UNITS, 2)
    assert (stored.line.state, stored.origin.interface, stored.origin.rerun_of) == (
        RunState.FAILED, "command", "before"
    )  # fmt: skip


def test_nothing_is_kept_where_nothing_is_to_be(path: Path) -> None:
    assert tuple(recorded_sweep(iter(EVENTS), None, unexpected)) == EVENTS
    assert not path.exists()


def test_one_that_is_let_go_of_is_cut_off(path: Path) -> None:
    events = recorded_sweep(iter(EVENTS), recording_sweep(path, "screen"), unexpected)
    assert [next(events), next(events)] == list(EVENTS[:2])
    events.close()  # type: ignore[attr-defined]  # a generator
    with RunStore.open_existing(path) as store:
        stored = store.read_sweep("sweep-1")
    assert (stored.line.state, stored.sweep.units) == (RunState.CUT_OFF, UNITS[:1])


def test_one_that_is_let_go_of_gives_its_model_back_at_once(path: Path) -> None:
    engine = ScriptedEngine()
    running = run_sweep(engine, SCRIPTED_REQUEST, SideCache(path.parent / "sides"))
    events = recorded_sweep(running, recording_sweep(path, "screen"), unexpected)
    assert any(isinstance(event, ModelLoaded) for event in events)
    assert engine.resident is not None
    events.close()  # type: ignore[attr-defined]  # a generator  # it is a generator
    assert engine.resident is None


def test_a_history_that_cannot_be_used_is_said_once_and_the_sweep_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.mkdir()
    said: list[HistoryError] = []
    assert tuple(recorded_sweep(iter(EVENTS), recording_sweep(path, "command"), said.append)) == EVENTS
    assert len(said) == 1


def test_a_history_that_is_gone_midway_is_said_once_and_the_sweep_goes_on(path: Path) -> None:
    said: list[HistoryError] = []
    passed = []
    for event in recorded_sweep(iter(EVENTS), recording_sweep(path, "command"), said.append):
        passed.append(event)
        if event == EVENTS[1]:
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("DROP TABLE sweep_units")
    assert tuple(passed) == EVENTS
    assert len(said) == 1


def test_a_sweep_that_another_process_took_up_ends_here_and_is_let_go_of(path: Path) -> None:
    closed = []

    def events() -> Iterator[SweepEvent]:
        try:
            yield replace(STARTED, resumed=Sweep(REQUEST, STARTED.environment, STARTED.reference))
            yield from EVENTS[1:]
        finally:
            closed.append(True)

    record = recording_sweep(path, "command")
    other = recorded_sweep(iter(EVENTS), record, unexpected)
    next(other)
    (last,) = recorded_sweep(events(), record, unexpected)
    assert isinstance(last, SweepFailed)
    assert "goes on in another process" in last.message
    assert closed
    assert len(list(other)) == len(EVENTS) - 1


def test_a_sweep_whose_engine_never_came_up_is_kept_with_why(path: Path) -> None:
    failed = SweepFailed(None, None, "no module named torch", "Install it.", 1)
    assert list(recorded_sweep(iter([failed]), recording_sweep(path, "command"), unexpected, REQUEST)) == [failed]
    with RunStore.open_existing(path) as store:
        stored = store.read_sweep("sweep-1")
    assert (stored.line.state, stored.sweep.failure, stored.sweep.units) == (
        RunState.FAILED, "no module named torch", ()
    )  # fmt: skip


def test_a_sweep_that_was_asked_wrongly_is_none(path: Path) -> None:
    failed = SweepFailed(None, None, "nothing to sweep over", "", 2)
    assert list(recorded_sweep(iter([failed]), recording_sweep(path, "command"), unexpected, REQUEST)) == [failed]
    assert not path.exists()
