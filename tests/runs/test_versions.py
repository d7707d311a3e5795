"""A database that an earlier version wrote opens, with everything that it held. One dump a version, never made anew."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from history_helpers import ORIGIN, record, request

from quanttui.records.history import RunState
from quanttui.runs.store import RunStore
from quanttui.runs.store.schema import SCHEMA_VERSION

DUMPS = Path(__file__).with_name("history_versions")


@pytest.fixture(params=range(1, SCHEMA_VERSION + 1))
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "history.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript((DUMPS / f"{request.param}.sql").read_text("utf-8"))
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
        assert [line.run_id for line in store.lines()] == ["new", "running", "done"]
        assert store.delete(["done", "running"]) == 2
