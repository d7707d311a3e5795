"""Recorders that are killed with SIGKILL at random moments, and several at once: no acknowledged row is lost."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sweep_helpers import sweep_events
from sweep_helpers import told as told_of

from quanttui.records import Run, SweepCell
from quanttui.records.history import RunState, StoredSweep
from quanttui.runs.store import RunStore

NURSERY = Path(__file__).with_name("recording_nursery.py")
FOREVER = 10**9
Fact = dict[str, Any]


class Nursery:
    """The process that forks recorders, and what they told."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def start(self, *jobs: str) -> None:
        assert self._process.stdin
        self._process.stdin.write((" & ".join(jobs) + "\n").encode())
        self._process.stdin.flush()

    def facts(self) -> Iterator[Fact]:
        """Until all recorders of the line are gone."""
        assert self._process.stdout
        for line in self._process.stdout:
            fact: Fact = json.loads(line)
            if fact["kind"] == "gone":
                return
            yield fact

    def close(self) -> None:
        self._process.communicate(timeout=20)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


def holds(run: Run, fact: Fact) -> bool:
    match fact["kind"]:
        case "start":
            return run.request.run_id == fact["run_id"]
        case "load":
            return fact["variant"] in [load.report.variant.spelling for load in run.loads]
        case "unload":
            return any(load.report.variant.spelling == fact["variant"] and load.unload for load in run.loads)
        case "done":
            return bool(run.summaries)
    result = run.prompts[fact["prompt"]]
    if fact["variant"] == run.reference.spelling:
        return list(result.reference.token_ids) == fact["token_ids"]
    candidate = next(each for each in result.candidates if each.variant.spelling == fact["variant"])
    if fact["kind"] == "output":
        return list(candidate.output.token_ids) == fact["token_ids"]
    return candidate.score is not None and len(candidate.score.tokens) == fact["tokens"]


def kill_at_random(nursery: Nursery, path: Path, name: str, chance: random.Random) -> list[Fact]:
    """What the recorder had acknowledged when it was killed."""
    patience = chance.randrange(60)
    nursery.start(f"record {path} {name} {FOREVER}")
    told: list[Fact] = []
    process_id = 0
    for fact in nursery.facts():
        process_id = process_id or fact.get("process_id", 0)
        told.append(fact)
        if len(told) > patience and process_id:
            os.kill(process_id, signal.SIGKILL)
            patience = FOREVER
    return [fact for fact in told if "run_id" in fact]


def check_kills(nursery: Nursery, path: Path, times: int) -> None:
    chance = random.Random(times)
    for number in range(times):
        told = kill_at_random(nursery, path, f"kill-{number}", chance)
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        with RunStore.open(path) as store:
            for fact in told:
                assert holds(store.load(fact["run_id"]), fact)
            assert not [line for line in store.lines(limit=-1) if line.state is RunState.RUNNING]


def test_no_acknowledged_row_is_lost_when_a_recorder_is_killed(nursery: Nursery, tmp_path: Path) -> None:
    check_kills(nursery, tmp_path / "history.db", times=10)


@pytest.mark.slow
def test_no_acknowledged_row_is_lost_in_a_hundred_kills(nursery: Nursery, tmp_path: Path) -> None:
    check_kills(nursery, tmp_path / "history.db", times=100)


def sweep_until_done(nursery: Nursery, path: Path, run_id: str, chance: random.Random) -> int:
    """Kill the recorder at random moments and let another go on, until the sweep is done; how often it was killed."""
    kills, told = 0, []
    while True:
        patience, process_id = chance.randrange(1, 20), 0
        nursery.start(f"sweep {path} {run_id}")
        for acknowledged, fact in enumerate(nursery.facts(), 1):
            process_id = process_id or fact.get("process_id", 0)
            told.append(fact)
            if acknowledged == patience and process_id and fact["kind"] != "done":
                os.kill(process_id, signal.SIGKILL)
                kills += 1
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        with RunStore.open(path) as store:
            stored = store.read_sweep(run_id) if store.count() else None
        if stored is not None:
            holds_all(stored, told)
        if told[-1]["kind"] == "done":
            return kills


def holds_all(stored: StoredSweep, told: list[Fact]) -> None:
    assert {fact["unit"] for fact in told if fact["kind"] == "unit"} <= {unit.index for unit in stored.sweep.units}
    cells = [(fact["variant"], fact["unit"]) for fact in told if fact["kind"] == "cell"]
    assert len(set(cells)) == len(cells), "a cell that was told was scored again"
    assert set(cells) <= {(cell.variant.spelling, cell.unit) for cell in stored.sweep.cells}
    done = any(fact["kind"] == "done" for fact in told)
    assert stored.line.state in ((RunState.DONE,) if done else (RunState.CUT_OFF, RunState.DONE))


def check_sweeps(nursery: Nursery, folder: Path, least_kills: int) -> None:
    chance, kills, number = random.Random(least_kills), 0, 0
    while kills < least_kills:
        path = folder / f"{number}.db"
        kills += sweep_until_done(nursery, path, "sweep", chance)
        with RunStore.open_existing(path) as store:
            killed = store.read_sweep("sweep").sweep
        whole = told_of(sweep_events(killed.request))
        assert killed.units == whole.units
        assert sorted(killed.cells, key=cell_key) == sorted(whole.cells, key=cell_key)
        number += 1


def cell_key(cell: SweepCell) -> tuple[str, int]:
    return cell.variant.spelling, cell.unit


def test_a_sweep_that_is_killed_again_and_again_ends_with_every_cell(nursery: Nursery, tmp_path: Path) -> None:
    check_sweeps(nursery, tmp_path, least_kills=8)


@pytest.mark.slow
def test_a_sweep_that_is_killed_a_hundred_times_ends_with_every_cell(nursery: Nursery, tmp_path: Path) -> None:
    check_sweeps(nursery, tmp_path, least_kills=100)


def test_several_processes_record_at_once(nursery: Nursery, tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    nursery.start(*(f"record {path} process{number} 2" for number in range(3)))
    told = [fact for fact in nursery.facts() if "run_id" in fact]
    with RunStore.open_existing(path) as store:
        assert [line.state for line in store.lines()] == [RunState.DONE] * 6
        assert all(holds(store.load(fact["run_id"]), fact) for fact in told)


def test_several_processes_make_the_database_at_once(nursery: Nursery, tmp_path: Path) -> None:
    path = tmp_path / "new" / "history.db"
    nursery.start(*(f"open {path}" for _ in range(8)), f"record {path} late 1")
    told = list(nursery.facts())
    assert told[-1]["kind"] == "done" or any(fact["kind"] == "done" for fact in told)
    with RunStore.open_existing(path) as store:
        assert store.count() == 1
