"""Sweeps in the history: what was told comes back, grows before the eyes of others, and can be taken up again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path

import pytest
from history_helpers import record, request
from sweep_helpers import ENVIRONMENT, LIMITS, ORIGIN, record_sweep, sweep_events, sweep_request, told

from quanttui.errors import UsageError
from quanttui.records import Sweep
from quanttui.records.history import RunKind, RunLine, RunState, StoredSweep, SweepLine
from quanttui.records.sweep_events import CellScored, SweepEvent, SweepFailed, SweepStarted, UnitRead
from quanttui.runs.filtering import parse_filter
from quanttui.runs.store import RunStore
from quanttui.runs.sweep_recorder import SweepRecorder
from quanttui.variants import parse_variant

NOW = datetime(2026, 11, 21, 12)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def read(path: Path, run_id: str = "sweep-1") -> StoredSweep:
    with RunStore.open_existing(path) as store:
        return store.read_sweep(run_id)


def until(events: Iterator[SweepEvent], cells: int) -> Iterator[SweepEvent]:
    """The beginning of ``events``, with so many cells."""
    for event in events:
        if isinstance(event, CellScored):
            if not cells:
                return
            cells -= 1
        yield event


@pytest.mark.parametrize("options", [{}, {"failing": "int8"}, {"kept": 3}])
def test_a_sweep_comes_back_exactly_as_it_was(path: Path, options: dict[str, object]) -> None:
    asked = sweep_request("sweep-1", "int8", "nf4+dq")
    sweep = record_sweep(path, sweep_events(asked, **options))  # type: ignore[arg-type]  # each its own
    stored = read(path)
    assert stored.sweep == sweep
    assert stored.sweep.cells
    assert (stored.line.state, stored.exit_code, stored.origin) == (RunState.DONE, 0, ORIGIN)


def test_texts_of_any_kind_come_back(path: Path) -> None:
    asked = sweep_request("sweep-1", model_id="../'\"\udcff;=cmd\x00")
    hostile = replace(asked, prompts=(replace(asked.prompts[0], text="\ud83d\x1b]52;c;aGk=\x07\x00"),))
    record_sweep(path, sweep_events(hostile))
    assert read(path).sweep.request == hostile


def test_a_sweep_is_a_line_of_the_list_and_is_found_as_one(path: Path) -> None:
    record(path, request("run-1"), clock=lambda: 100.0)
    record_sweep(path, sweep_events(sweep_request(limits=LIMITS)), clock=lambda: 200.0)
    with RunStore.open_existing(path) as store:
        sweep, run = store.lines()
        assert [line.run_id for line in store.lines(parse_filter("kind:sweep", NOW))] == ["sweep-1"]
        assert [line.run_id for line in store.lines(parse_filter("kind:compare", NOW))] == ["run-1"]
        assert [line.run_id for line in store.lines(parse_filter("text0.txt", NOW))] == ["sweep-1"]
        assert store.count(parse_filter('"number 1" kind:sweep', NOW)) == 1
        assert (store.kind("sweep-1"), store.kind("run-1")) == (RunKind.SWEEP, RunKind.COMPARE)
    assert (run.kind, run.sweep) == (RunKind.COMPARE, None)
    assert (sweep.kind, sweep.sweep) == (RunKind.SWEEP, SweepLine(12, 12, "nf4"))
    assert sweep.prompt == "2 prompts in 2 categories, 360 B of text"
    assert [(figure.variant, figure.kl_mean) for figure in sweep.figures] == [("int8", 0.012), ("nf4", 0.031)]


def test_a_sweep_without_text_is_listed_by_its_prompts(path: Path) -> None:
    record_sweep(path, sweep_events(sweep_request(texts=0)))
    assert [figure.kl_mean for figure in read(path).line.figures] == [0.024, 0.062]


def test_a_kind_that_is_none_is_refused_in_words() -> None:
    with pytest.raises(UsageError, match="no run is a 'sweeps'"):
        parse_filter("kind:sweeps", NOW)


def test_each_step_is_there_before_the_next_is_told(path: Path) -> None:
    events = sweep_events(sweep_request())
    started = next(events)
    assert isinstance(started, SweepStarted)
    seen: list[SweepEvent] = [started]
    with closing(SweepRecorder(RunStore.open(path), started, ORIGIN)) as recorder:
        for event in events:
            recorder.note(event)
            seen.append(event)
            assert read(path).sweep == told(seen)


def test_one_who_watches_sees_what_is_new_and_nothing_where_nothing_is(path: Path) -> None:
    events = sweep_events(sweep_request(), failing="nf4", kept=3)
    started = next(events)
    assert isinstance(started, SweepStarted)
    with closing(SweepRecorder(RunStore.open(path), started, ORIGIN)) as recorder:
        known = read(path)
        for event in events:
            recorder.note(event)
            with RunStore.open_existing(path) as store:
                newer = store.read_newer(known)
                whole = store.read_sweep("sweep-1")
                assert store.read_newer(whole) is None
            assert (newer or known) == whole
            known = newer or known
    assert known.line.state is RunState.DONE


def test_units_and_cells_that_are_known_are_not_read_again(path: Path) -> None:
    asked = sweep_request()
    record_sweep(path, until(sweep_events(asked), 3))
    known = read(path)
    with RunStore.open(path) as store:
        store._connection.execute("UPDATE sweep_cells SET columns = x'00'")
        store._connection.execute("UPDATE sweep_units SET read = x'00'")
        store._connection.execute("UPDATE runs SET changes = changes + 1")
        newer = store.read_newer(known)
    assert newer is not None
    assert newer.sweep.cells == known.sweep.cells


def test_the_end_of_a_process_is_seen_by_one_who_watches(path: Path) -> None:
    record_sweep(path, until(sweep_events(sweep_request()), 2))
    with RunStore.open(path) as store:
        store._connection.execute(
            """UPDATE runs SET state = 'running', process = '{"host":"here","boot":"b","process_id":1,"start":"2"}'"""
        )
        known = store.read_sweep("sweep-1")
    with RunStore.open(path, clock=lambda: 1e12) as store:
        newer = store.read_newer(known)
    assert newer is not None
    assert newer.line.state is RunState.CUT_OFF
    assert newer.sweep.failure


def test_a_sweep_that_is_let_go_of_is_cut_off_and_taken_up_where_it_was(path: Path) -> None:
    asked = sweep_request()
    part = record_sweep(path, until(sweep_events(asked), 3))
    with RunStore.open_existing(path) as store:
        stored = store.read_resumable("sweep-1")
    assert stored.line.state is RunState.CUT_OFF
    had = replace(stored.sweep, failure=None)
    assert had == part
    assert len(had.cells) == 3
    rest = list(sweep_events(asked, had))
    assert sum(isinstance(event, CellScored) for event in rest) == 2 * 4 - 3
    assert not any(isinstance(event, UnitRead) for event in rest)
    whole = record_sweep(path, rest)
    again = read(path)
    assert again.sweep == whole
    assert {(cell.variant, cell.unit): cell for cell in again.sweep.cells} == {
        (cell.variant, cell.unit): cell for cell in told(sweep_events(asked)).cells
    }
    assert (again.line.state, again.exit_code, again.line.started_seconds) == (
        RunState.DONE, 0, stored.line.started_seconds
    )  # fmt: skip


def test_one_who_watches_sees_it_taken_up_with_less_than_was_known(path: Path) -> None:
    asked = sweep_request()
    record_sweep(path, until(sweep_events(asked, failing="int8"), 3))
    known = read(path)
    had = Sweep(asked, replace(ENVIRONMENT, threads=2), known.sweep.reference, units=known.sweep.units[:2])
    events = islice(sweep_events(asked, had), 1)
    started = replace(next(events), resumed=had, environment=had.environment)  # type: ignore[type-var]  # the start
    record_sweep(path, [started])  # type: ignore[list-item]  # as above
    with RunStore.open_existing(path) as store:
        newer = store.read_newer(known)
    assert newer is not None
    assert replace(newer.sweep, failure=None) == had
    assert newer == read(path)


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.CANCELLED])
def test_a_failed_and_a_cancelled_sweep_keep_why_and_can_be_taken_up(path: Path, state: RunState) -> None:
    asked = sweep_request()
    code = 130 if state is RunState.CANCELLED else 1
    record_sweep(path, [*until(sweep_events(asked), 2), SweepFailed(None, None, "why", "what next", code)])
    stored = read(path)
    assert (stored.line.state, stored.sweep.failure, stored.hint, stored.exit_code) == (state, "why", "what next", code)
    had = replace(stored.sweep, failure=None)
    record_sweep(path, sweep_events(asked, had))
    again = read(path)
    assert (again.line.state, again.sweep.failure, again.hint, again.line.failure) == (RunState.DONE, None, "", None)


def test_a_sweep_that_is_done_or_goes_on_elsewhere_is_not_taken_up(path: Path) -> None:
    asked = sweep_request()
    started, *_ = sweep_events(asked)
    assert isinstance(started, SweepStarted)
    with closing(SweepRecorder(RunStore.open(path), started, ORIGIN)) as recorder:
        had = read(path).sweep
        with pytest.raises(UsageError, match="goes on in another process"):
            record_sweep(path, [replace(started, resumed=had)])
        with RunStore.open_existing(path) as store, pytest.raises(UsageError, match="goes on in another"):
            store.read_resumable("sweep-1")
        for event in list(sweep_events(asked))[1:]:
            recorder.note(event)
    with pytest.raises(UsageError, match="is done"):
        record_sweep(path, [replace(started, resumed=had)])
    assert read(path).line.state is RunState.DONE


@pytest.mark.parametrize("change", ["torch", "device name", "weights"])
def test_a_sweep_is_not_taken_up_under_other_conditions(path: Path, change: str) -> None:
    asked = sweep_request()
    record_sweep(path, until(sweep_events(asked), 3))
    before = read(path)
    environment, origin = ENVIRONMENT, ORIGIN
    match change:
        case "torch":
            environment = replace(ENVIRONMENT, versions={**ENVIRONMENT.versions, "torch": "2.14.0"})
        case "device name":
            environment = replace(ENVIRONMENT, device_name="another CPU")
        case _:
            origin = replace(ORIGIN, weights_header_sha256="cd" * 32)
    started = SweepStarted(asked, environment, before.sweep.reference, before.sweep)
    with pytest.raises(UsageError, match=change) as caught:
        record_sweep(path, [started], origin=origin)
    assert "quanttui history rerun sweep-1" in caught.value.hint
    assert read(path) == before


def test_a_sweep_that_measured_nothing_is_taken_up_anywhere(path: Path) -> None:
    asked = sweep_request()
    nowhere = replace(ENVIRONMENT, device="not known", device_name="not known")
    record_sweep(path, [SweepStarted(asked, nowhere, parse_variant("bf16"))])
    empty = Sweep(asked, nowhere, parse_variant("bf16"))
    record_sweep(path, [SweepStarted(asked, ENVIRONMENT, parse_variant("bf16"), empty), *list(sweep_events(asked))[1:]])
    stored = read(path)
    assert (stored.line.state, stored.line.device_name) == (RunState.DONE, ENVIRONMENT.device_name)
    assert stored.sweep.environment == ENVIRONMENT


def test_a_sweep_that_was_deleted_is_not_taken_up(path: Path) -> None:
    asked = sweep_request()
    started, *_ = sweep_events(asked)
    assert isinstance(started, SweepStarted)
    with pytest.raises(UsageError, match="there is no sweep"):
        record_sweep(path, [replace(started, resumed=Sweep(asked, ENVIRONMENT, started.reference))])


def test_runs_and_sweeps_are_not_taken_for_each_other(path: Path) -> None:
    record(path, request("run-1"))
    record_sweep(path, sweep_events(sweep_request()))
    with RunStore.open_existing(path) as store:
        with pytest.raises(UsageError, match="is no sweep"):
            store.read_sweep("run-1")
        with pytest.raises(UsageError, match="is a sweep"):
            store.read("sweep-1")
        assert isinstance(store.read_any("sweep-1"), StoredSweep)
        assert isinstance(store.read_any("run-1").line, RunLine)


def test_deleting_a_sweep_leaves_nothing_of_it(path: Path) -> None:
    record_sweep(path, sweep_events(sweep_request("one")))
    record_sweep(path, sweep_events(sweep_request("two"), failing="nf4"))
    with RunStore.open(path) as store:
        assert store.delete(["two"]) == 1
        for table in ("sweeps", "sweep_units", "sweep_cells", "sweep_speeds", "sweep_failures", "loads", "prompts"):
            rows = store._connection.execute(f"SELECT DISTINCT run_id FROM {table}").fetchall()
            assert rows in ([("one",)], []), table
        assert store.read_sweep("one").sweep.cells
