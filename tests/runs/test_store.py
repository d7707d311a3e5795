"""The history gives back what was recorded, finds it, deletes it, and keeps it private."""

from __future__ import annotations

import stat
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from history_helpers import ORIGIN, events_of, record, request, same
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quanttui.engine.scripted import Fault, default_script, hostile_script
from quanttui.errors import OutOfMemoryError, UsageError
from quanttui.records import VerdictLevel
from quanttui.records.events import ModelUnloaded, OutputFinished, RunFinished, RunStarted
from quanttui.records.history import RunState
from quanttui.runs.filtering import RunFilter
from quanttui.runs.recorder import RunRecorder
from quanttui.runs.store import RunStore

HOSTILE = ("a\x00b\x1b]52;c;aGk=\x07\n'\"--;=1+1", "\ud83d\\ud800 \u202e \U0001f600", "x" * 100_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.db"


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("two") / "history.db"
    record(path, request("one", "nf4", prompts=("first", "the SECOND")), clock=lambda: 100.0)
    record(path, request("two", "nf4+dq", prompts=("Straße 100%",), model_id="meta/Llama-3"), clock=lambda: 200.0)
    return path


def test_a_run_comes_back_exactly_as_it_was(path: Path) -> None:
    last = record(path, request("one", "int8", "nf4+dq", prompts=("Once", "A king")))
    assert isinstance(last, RunFinished)
    with RunStore.open_existing(path) as store:
        assert store.load("one") == last.run
        stored = store.read("one")
    assert (stored.line.state, stored.exit_code, stored.origin) == (RunState.DONE, 0, ORIGIN)


@pytest.mark.parametrize(("stage", "index"), [("load", 3), ("generate", 3), ("score", 0)])
def test_a_failed_run_keeps_what_was_made_and_why_it_ended(path: Path, stage: str, index: int) -> None:
    fault = Fault(stage, "nf4", index, OutOfMemoryError("no room", "Close something."))
    last = record(path, request("one", "int8", "nf4"), replace(default_script(), faults=(fault,)))
    with RunStore.open_existing(path) as store:
        stored = store.read("one")
    assert stored.run == last.run
    assert (stored.line.state, stored.run.failure, stored.hint) == (RunState.FAILED, "no room", "Close something.")
    assert stored.exit_code == 1
    assert [figures.variant for figures in stored.line.figures] == ["int8"]


def test_hostile_texts_come_back_exactly(path: Path) -> None:
    asked = request("one", "nf4", prompts=HOSTILE, model_id="../'\"\udcff;=cmd\x00")
    last = record(path, asked, hostile_script())
    with RunStore.open_existing(path) as store:
        assert same(store.load("one"), last.run)
        (line,) = store.lines()
    assert line.model_id == asked.model.id
    assert line.prompt == HOSTILE[0]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=())).filter(str.strip), min_size=1, max_size=3), st.text())
def test_any_text_survives(tmp_path: Path, prompts: list[str], model_id: str) -> None:
    names = test_any_text_survives.__dict__.setdefault("names", count())
    asked = request(f"run {next(names)}", "nf4", prompts=tuple(prompts), model_id=model_id, max_new_tokens=2)
    last = record(tmp_path / "any.db", asked)
    with RunStore.open_existing(tmp_path / "any.db") as store:
        assert same(store.load(asked.run_id), last.run)


def test_figures_that_are_no_numbers_survive(path: Path) -> None:
    *events, last = events_of(request("one"))
    assert isinstance(last, RunFinished)
    assert isinstance(events[0], RunStarted)
    (summary,) = last.run.summaries
    kl = replace(summary.divergence.kl_divergence, mean=float("nan"), max=float("inf"))
    odd = replace(last.run, summaries=(replace(summary, divergence=replace(summary.divergence, kl_divergence=kl)),))
    recorder = RunRecorder(RunStore.open(path), events[0], ORIGIN)
    for event in (*events[1:], RunFinished(odd)):
        recorder.note(event)
    recorder.close()
    with RunStore.open_existing(path) as store:
        assert same(store.load("one"), odd)


def test_each_step_is_there_before_the_next_is_told(path: Path) -> None:
    events = list(events_of(request("one", "nf4")))
    assert isinstance(events[0], RunStarted)
    recorder = RunRecorder(RunStore.open(path), events[0], ORIGIN)
    with RunStore.open_existing(path) as reader:
        for event in events[1:]:
            recorder.note(event)
            run = reader.load("one")
            if isinstance(event, OutputFinished) and event.is_reference:
                assert run.prompts[0].reference == event.output
            elif isinstance(event, OutputFinished):
                assert run.prompts[0].candidates[0].output == event.output
            elif isinstance(event, ModelUnloaded):
                assert run.loads[-1].unload == event.report
        assert reader.read("one").line.state is RunState.DONE
    recorder.close()


def test_a_run_that_is_let_go_of_is_cut_off_and_keeps_its_output_in_progress(path: Path) -> None:
    events = events_of(request("one", "nf4"))
    started = next(events)
    assert isinstance(started, RunStarted)
    finished = next(event for event in events if isinstance(event, OutputFinished))
    recorder = RunRecorder(RunStore.open(path), started, ORIGIN)
    half = replace(finished.output, text="half", token_ids=(1,))
    recorder.note_part(replace(finished, output=replace(half, text="less", token_ids=())))
    recorder.note_part(replace(finished, output=half))
    recorder.close()
    with RunStore.open_existing(path) as store:
        stored = store.read("one")
    assert stored.line.state is RunState.CUT_OFF
    assert stored.run.prompts[0].reference == half
    assert stored.run.failure
    assert stored.exit_code is None


def test_the_list_is_newest_first_and_says_what_each_run_was(path: Path) -> None:
    clock = count(1_700_000_000.0)
    for name in ("one", "two", "three"):
        record(path, request(name, "int8", "nf4"), clock=lambda: next(clock))
    with RunStore.open_existing(path) as store:
        lines = store.lines()
        assert [line.run_id for line in lines] == ["three", "two", "one"]
        assert [line.run_id for line in store.lines(limit=1, offset=1)] == ["two"]
        assert store.count() == 3
    newest = lines[0]
    assert newest.ended_seconds is not None
    assert newest.started_seconds < newest.ended_seconds
    assert (newest.model_id, newest.reference, newest.candidates) == ("demo", "bf16", ("int8", "nf4"))
    assert [figure.variant for figure in newest.figures] == ["int8", "nf4"]
    assert newest.figures[0].verdict in VerdictLevel


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (RunFilter(), {"one", "two"}),
        (RunFilter(model=("llama",)), {"two"}),
        (RunFilter(model=("llama", "qwen")), set()),
        (RunFilter(variant=("nf4",)), {"one", "two"}),
        (RunFilter(variant=("nf4+dq",)), {"two"}),
        (RunFilter(variant=("f4",)), set()),
        (RunFilter(variant=("bf16",)), {"one", "two"}),
        (RunFilter(text=("straße",)), set()),
        (RunFilter(text=("STRASSE".casefold(), "100%")), {"two"}),
        (RunFilter(text=("_",)), set()),
        (RunFilter(text=("second",)), {"one"}),
        (RunFilter(state=RunState.DONE), {"one", "two"}),
        (RunFilter(state=RunState.FAILED), set()),
        (RunFilter(since_seconds=150.0), {"two"}),
        (RunFilter(before_seconds=150.0), {"one"}),
    ],
)
def test_a_filter_finds_what_it_says(two_runs: Path, wanted: RunFilter, found: set[str]) -> None:
    with RunStore.open_existing(two_runs) as store:
        assert {line.run_id for line in store.lines(wanted)} == found
        assert store.count(wanted) == len(found)


def test_a_run_is_found_by_the_beginning_of_its_id(path: Path) -> None:
    for at, name in enumerate(("abc1", "abd2", "ab")):
        record(path, request(name), clock=lambda at=at: float(at))
    with RunStore.open_existing(path) as store:
        assert store.find("abc") == "abc1"
        assert store.find("ab") == "ab"
        assert store.find("latest") == "ab"
        for text in ("a", "x", "", "%", "\udcff"):
            with pytest.raises(UsageError):
                store.find(text)


def test_deleting_takes_everything_of_a_run_and_nothing_else(path: Path) -> None:
    for name in ("one", "two"):
        record(path, request(name))
    with RunStore.open_existing(path) as store:
        kept = store.load("two")
        assert store.delete(["one", "never"]) == 1
        assert [line.run_id for line in store.lines()] == ["two"]
        assert store.load("two") == kept
        tables = ("requests", "prompts", "loads", "outputs", "scores", "summaries")
        left = {name: store._connection.execute(f"SELECT DISTINCT run_id FROM {name}").fetchall() for name in tables}
    assert left == {name: [("two",)] for name in tables}


def test_what_is_deleted_leaves_neither_its_words_nor_its_room(path: Path) -> None:
    secret = "my secret prompt "
    record(path, request("one", prompts=(secret * 4000,)))
    record(path, request("two"))
    before = path.read_bytes()
    with RunStore.open_existing(path) as store:
        store.delete(["one"])
    after = path.read_bytes()
    assert secret.encode() in before
    assert secret.encode() not in after
    assert len(after) < len(before) - len(secret) * 4000


def test_a_run_that_goes_on_is_not_deleted(path: Path) -> None:
    record(path, request("one"))
    started = next(events_of(request("two")))
    assert isinstance(started, RunStarted)
    recorder = RunRecorder(RunStore.open(path), started, ORIGIN)
    with RunStore.open_existing(path) as store, pytest.raises(UsageError, match="still goes on"):
        store.delete(["one", "two"])
    recorder.close()
    with RunStore.open_existing(path) as store:
        assert store.count() == 2
        assert store.delete(["one", "two"]) == 2


def test_reading_where_there_is_no_history_makes_none(path: Path) -> None:
    with RunStore.open_existing(path) as store:
        assert store.lines() == ()
        with pytest.raises(UsageError):
            store.find("latest")
    assert not path.parent.exists()


def test_the_file_is_for_its_owner_alone(path: Path) -> None:
    record(path, request("one"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_log_beside_the_file_is_private_too(path: Path) -> None:
    with RunStore.open(path) as store:
        store.delete([])
        beside = [other for other in path.parent.iterdir() if other != path]
        assert beside
        assert all(stat.S_IMODE(other.stat().st_mode) == 0o600 for other in beside)
