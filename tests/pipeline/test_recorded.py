"""Recording never changes a run: what is kept, what is said, and that a fault of the history stops nothing."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from quanttui.engine.process import EngineProcess
from quanttui.engine.scripted import ScriptedEngine
from quanttui.errors import HistoryError
from quanttui.pipeline import run_comparison
from quanttui.pipeline.recorded import recorded, recording
from quanttui.records import FinishReason, GenerationSettings, ModelEntry, ModelSource, RunRequest
from quanttui.records.events import ModelLoaded, OutputFinished, RunEvent, RunFailed, RunFinished, TokenGenerated
from quanttui.records.history import RunState
from quanttui.runs.store import RunStore
from quanttui.variants import parse_variant

MODEL = ModelEntry("demo", "/nowhere", ModelSource.DEMO)
REQUEST = RunRequest(
    "run-1", MODEL, parse_variant("bf16"), (parse_variant("nf4"),), ("Once",), GenerationSettings(max_new_tokens=12)
)


class Ticks:
    """A clock that moves on by so much each time it is looked at."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def unexpected(error: HistoryError) -> None:
    raise AssertionError(error)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def test_the_events_pass_unchanged_and_the_run_is_kept(path: Path) -> None:
    plain = [type(event) for event in run_comparison(ScriptedEngine(), REQUEST)]
    events = list(recorded(run_comparison(ScriptedEngine(), REQUEST), recording(path, "command"), unexpected))
    assert [type(event) for event in events] == plain
    last = events[-1]
    assert isinstance(last, RunFinished)
    with RunStore.open_existing(path) as store:
        stored = store.read("run-1")
    assert stored.run == last.run
    assert stored.origin.interface == "command"


def test_nothing_is_kept_where_nothing_is_to_be(path: Path) -> None:
    *_, last = recorded(run_comparison(ScriptedEngine(), REQUEST), None, unexpected)
    assert isinstance(last, RunFinished)
    assert not path.exists()


def failing(exit_code: int) -> Iterator[RunEvent]:
    yield RunFailed(None, "no module named torch", "Install it.", exit_code)


def test_a_run_whose_engine_never_came_up_is_kept_with_why(path: Path) -> None:
    (last,) = recorded(failing(1), recording(path, "command"), unexpected, request=REQUEST)
    assert isinstance(last, RunFailed)
    with RunStore.open_existing(path) as store:
        stored = store.read("run-1")
    assert (stored.line.state, stored.run.failure, stored.hint) == (
        RunState.FAILED, "no module named torch", "Install it."
    )  # fmt: skip
    assert (stored.run.request, stored.run.environment.device) == (REQUEST, "not known")


@pytest.mark.parametrize("exit_code", [2, 130])
def test_what_was_asked_wrongly_or_stopped_before_it_began_is_no_run(path: Path, exit_code: int) -> None:
    list(recorded(failing(exit_code), recording(path, "command"), unexpected, request=REQUEST))
    assert not path.exists()


def stop_after(path: Path, tokens: int, step: float, variant: str) -> tuple[RunEvent, ...]:
    """The run up to a token of ``variant``, then let go of."""
    events = recorded(run_comparison(ScriptedEngine(), REQUEST), recording(path, "screen"), unexpected, Ticks(step))
    passed = []
    for event in events:
        passed.append(event)
        if isinstance(event, TokenGenerated) and event.variant.spelling == variant and event.token.index + 1 == tokens:
            break
    events.close()  # type: ignore[attr-defined]  # a generator
    return tuple(passed)


def test_an_output_in_progress_is_kept_as_a_stop_would_have_left_it(path: Path) -> None:
    passed = stop_after(path, 9, step=1.0, variant="nf4")
    tokens = [e.token for e in passed if isinstance(e, TokenGenerated) and e.variant.spelling == "nf4"]
    with RunStore.open_existing(path) as store:
        stored = store.read("run-1")
    (candidate,) = stored.run.prompts[0].candidates
    assert stored.line.state is RunState.CUT_OFF
    assert candidate.output.token_ids == tuple(token.token_id for token in tokens)
    assert candidate.output.text == "".join(token.text for token in tokens)
    assert candidate.output.finish_reason is FinishReason.CANCELLED
    assert candidate.first_divergence == 7
    assert candidate.diff[-1].candidate[1] == 9


def test_the_reference_in_progress_is_kept_too_and_no_candidate_without_it(path: Path) -> None:
    stop_after(path, 5, step=1.0, variant="bf16")
    with RunStore.open_existing(path) as store:
        (prompt,) = store.load("run-1").prompts
    assert len(prompt.reference.token_ids) == 5
    assert prompt.candidates == ()


def test_an_engine_that_is_killed_leaves_a_failed_run_with_what_was_whole(path: Path) -> None:
    engine = EngineProcess("quanttui.engine.scripted:ScriptedEngine")
    try:
        for event in recorded(run_comparison(engine, REQUEST), recording(path, "command"), unexpected):
            if isinstance(event, ModelLoaded) and event.variant.spelling == "nf4":
                os.kill(engine.process_id, signal.SIGKILL)
            last = event
    finally:
        engine.close()
    assert isinstance(last, RunFailed)
    with RunStore.open_existing(path) as store:
        stored = store.read("run-1")
    assert stored.run == last.run
    assert stored.line.state is RunState.FAILED
    assert stored.run.prompts[0].reference.text
    assert len(stored.run.loads) == 2


def test_not_every_token_is_a_write(path: Path) -> None:
    stop_after(path, 9, step=0.0, variant="nf4")
    with RunStore.open_existing(path) as store:
        (prompt,) = store.load("run-1").prompts
    assert len(prompt.reference.token_ids) == 12
    assert [len(candidate.output.token_ids) for candidate in prompt.candidates] == [1]


@pytest.mark.parametrize("kind", ["folder in the way", "no database", "file for a folder"])
def test_a_history_that_cannot_be_used_is_said_once_and_the_run_goes_on(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "data" / "history.db"
    match kind:
        case "folder in the way":
            path.mkdir(parents=True)
        case "no database":
            path.parent.mkdir()
            path.write_bytes(b"no database at all, but long enough to look like something " * 40)
        case _:
            path.parent.write_text("")
    said: list[HistoryError] = []
    events = list(recorded(run_comparison(ScriptedEngine(), REQUEST), recording(path, "command"), said.append))
    assert isinstance(events[-1], RunFinished)
    assert len(said) == 1
    assert str(path) in said[0].message
    assert said[0].hint


def test_a_history_that_is_gone_midway_is_said_once_and_the_run_goes_on(path: Path) -> None:
    said: list[HistoryError] = []
    events = []
    for event in recorded(run_comparison(ScriptedEngine(), REQUEST), recording(path, "command"), said.append):
        events.append(event)
        if isinstance(event, OutputFinished) and event.is_reference:
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("DROP TABLE loads")
    assert isinstance(events[-1], RunFinished)
    assert len(said) == 1
