"""A database that an earlier version wrote opens, with everything that it held. One dump a version, never made anew."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from history_helpers import ORIGIN, record, request

from quanttui.records.history import RunKind, RunState
from quanttui.runs.filtering import parse_filter
from quanttui.runs.store import RunStore
from quanttui.runs.store.schema import SCHEMA_VERSION

DUMPS = Path(__file__).with_name("history_versions")
NOW = datetime(2026, 11, 21)


@pytest.fixture(params=range(1, SCHEMA_VERSION + 1))
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return written_by(request.param, tmp_path)


@pytest.fixture
def path_of_two(tmp_path: Path) -> Path:
    """What version 2 wrote, the first one with sweeps."""
    return written_by(2, tmp_path)


def written_by(version: int, folder: Path) -> Path:
    path = folder / "history.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript((DUMPS / f"{version}.sql").read_text("utf-8"))
    return path


def test_a_run_that_ended_is_whole(path: Path) -> None:
    with RunStore.open_existing(path) as store:
        stored = store.read("done")
        assert store.find("latest") == "running"
    assert (stored.line.state, stored.exit_code, stored.origin) == (RunState.DONE, 0, ORIGIN)
    first, second = stored.run.prompts
    assert (first.text, second.text) == ("Once \ud83d", "A king")
    assert first.reference.text == " there lived a"
    (candidate,) = second.candidates
    assert candidate.variant.spelling == "nf4"
    assert candidate.score is not None
    assert [len(token.candidate_top) for token in candidate.score.tokens] == [8, 8, 8]
    assert stored.run.summaries[0].divergence.kl_divergence.mean == 0.011636108333726526
    assert [load.report.parameter_bytes for load in stored.run.loads] == [14_684_160, 7_078_912]
    assert all(load.unload for load in stored.run.loads)


def test_a_run_that_went_on_is_cut_off_with_what_it_had(path: Path) -> None:
    with RunStore.open_existing(path) as store:
        stored = store.read("running")
    assert stored.line.state is RunState.CUT_OFF
    assert stored.line.ended_seconds == 1_700_000_100.0
    (prompt,) = stored.run.prompts
    assert prompt.reference.text == " there lived a"
    assert prompt.candidates == ()


def test_new_runs_go_into_it(path: Path) -> None:
    record(path, request("new"))
    with RunStore.open_existing(path) as store:
        assert [line.run_id for line in store.lines(parse_filter("kind:compare", NOW))] == ["new", "running", "done"]
        assert store.delete(["done", "running"]) == 2


def test_a_sweep_that_ended_is_whole(path_of_two: Path) -> None:
    with RunStore.open_existing(path_of_two) as store:
        stored = store.read_sweep("sweep")
    assert (stored.line.state, stored.line.kind, stored.exit_code) == (RunState.DONE, RunKind.SWEEP, 0)
    assert stored.origin == ORIGIN
    assert [unit.name for unit in stored.sweep.units] == ["text0.txt window 1", "text0.txt window 2", "p0", "p1"]
    assert [(cell.variant.spelling, cell.unit) for cell in stored.sweep.cells] == [("int8", n) for n in range(4)]
    (cell, *_) = stored.sweep.cells
    assert struct.unpack("<4i", cell.columns.token_ids) == (7, 8, 9, 10)
    assert struct.unpack("<4d", cell.columns.kl)[0] == 0.2505221917958166
    assert [failure.hint for failure in stored.sweep.failures] == ["Take a smaller one."]
    assert [speed.standard_error for speed in stored.sweep.speeds] == [0.4, None]
    assert stored.sweep.notes == ("int8: figures depend on the window",)


def test_a_sweep_that_went_on_is_cut_off_with_what_it_had_and_can_be_taken_up(path_of_two: Path) -> None:
    with RunStore.open_existing(path_of_two) as store:
        stored = store.read_resumable("growing")
    assert stored.line.state is RunState.CUT_OFF
    assert (len(stored.sweep.units), len(stored.sweep.cells)) == (4, 1)
    assert [load.unload is not None for load in stored.sweep.loads] == [True, False]
