"""An engine process that is killed with SIGKILL at random moments of a recorded run: the run fails with its cause, the
history keeps all that was told before, and the next run works."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from quanttui.engine.process import EngineProcess
from quanttui.pipeline import run_comparison
from quanttui.pipeline.recorded import recorded, recording
from quanttui.records import GenerationSettings, ModelEntry, ModelSource, Run, RunRequest
from quanttui.records.events import RunFailed, RunFinished
from quanttui.records.history import RunState
from quanttui.runs.store import RunStore
from quanttui.variants import parse_variant

MODEL = ModelEntry("demo", "/models/demo", ModelSource.DEMO)
CANDIDATES = (parse_variant("int8"), parse_variant("nf4"))
EVENTS = 120  # of a whole run, about


def request(run_id: str) -> RunRequest:
    return RunRequest(run_id, MODEL, None, CANDIDATES, ("Once upon a time",), GenerationSettings(max_new_tokens=20))


def run_and_kill(engine: EngineProcess, path: Path, run_id: str, at: int) -> RunFinished | RunFailed:
    """The end of a run whose engine dies after ``at`` events."""
    warnings: list[Exception] = []
    told = []
    for event in recorded(run_comparison(engine, request(run_id)), recording(path, "command"), warnings.append):
        told.append(event)
        if len(told) == at and engine.process_id is not None:
            os.kill(engine.process_id, signal.SIGKILL)
    assert not warnings
    end = told[-1]
    assert isinstance(end, RunFinished | RunFailed)
    return end


def kill_engines(tmp_path: Path, times: int) -> None:
    path, moments = tmp_path / "history.db", random.Random(times)
    told: dict[str, Run] = {}
    with closing(EngineProcess("quanttui.engine.scripted:ScriptedEngine", tmp_path / "engine.log")) as engine:
        for number in range(times):
            end = run_and_kill(engine, path, f"run-{number}", moments.randrange(1, EVENTS))
            assert end.run is not None
            told[f"run-{number}"] = end.run
        assert sum(run.failure is not None for run in told.values()) >= times // 2
        assert {
            run.failure for run in told.values() if run.failure and "the engine process" not in run.failure
        } == set()
        assert isinstance(run_and_kill(engine, path, "last", at=-1), RunFinished)
    with RunStore.open_existing(path) as store:
        assert {run_id: store.load(run_id) for run_id in told} == told
        states = {line.run_id: line.state for line in store.lines(limit=-1)}
    assert all((states[run_id] is RunState.FAILED) == (run.failure is not None) for run_id, run in told.items())
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_nothing_told_is_lost_when_the_engine_is_killed_ten_times(tmp_path: Path) -> None:
    kill_engines(tmp_path, 10)


@pytest.mark.slow
def test_nothing_told_is_lost_when_the_engine_is_killed_a_hundred_times(tmp_path: Path) -> None:
    kill_engines(tmp_path, 100)
