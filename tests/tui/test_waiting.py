"""Remaining times by hand-made events and a hand-made clock: from evidence alone, and never below the truth."""

from __future__ import annotations

import pytest
from scripted_app import DEMO

from quanttui.engine.scripted import ScriptedEngine
from quanttui.pipeline import run_comparison
from quanttui.records import GenerationSettings, LoadProgress, Precision, RunRequest, Token, Variant
from quanttui.records.events import (
    LoadProgressed,
    LoadStarted,
    ModelLoaded,
    ModelUnloaded,
    RunEvent,
    RunFailed,
    RunFinished,
    TokenGenerated,
)
from quanttui.tui.state.pace import Pace, coarse_seconds, left_words
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.status import run_status
from quanttui.tui.state.waiting import Wait, Waiting

BF16, INT8, NF4 = (Variant(Precision(name)) for name in ("bf16", "int8", "nf4"))
REQUEST = RunRequest("run", DEMO, BF16, (INT8, NF4), ("Once",), GenerationSettings())


def told(request: RunRequest = REQUEST) -> list[RunEvent]:
    return list(run_comparison(ScriptedEngine(), request))


def load(done: int, total: int = 100) -> LoadProgressed:
    return LoadProgressed(BF16, LoadProgress("loading weights", done, total))


def token(index: int) -> TokenGenerated:
    return TokenGenerated(BF16, 0, Token(index, 5, " a", 0.5, 0.0))


def a_run() -> Waiting:
    waiting = Waiting(0.0)
    waiting.begin(REQUEST, 0.0)
    return waiting


def one_run(waiting: Waiting, start: float, seconds_per_event: float = 0.1) -> float:
    """Every event of a whole run, evenly spaced; when it ended."""
    waiting.begin(REQUEST, start)
    for number, event in enumerate(told(), 1):
        waiting.note(event, start + number * seconds_per_event)
    return start + len(told()) * seconds_per_event


def test_a_step_tells_no_remaining_time_before_it_has_shown_a_rate():
    waiting = a_run()
    waiting.note(LoadStarted(BF16, True), 1.0)
    assert waiting.wait(1.5).left_seconds is None
    waiting.note(load(1), 3.0)
    assert waiting.wait(3.0).words() == ("2 s so far", "variant 1 of 3")


def test_remaining_time_follows_the_rate_and_shrinks_between_two_reports():
    waiting = a_run()
    waiting.note(LoadStarted(BF16, True), 0.0)
    for second in range(11):
        waiting.note(load(second * 4), float(second))
    assert waiting.wait(10.0).left_seconds == pytest.approx(15.0)
    assert waiting.wait(13.0).left_seconds == pytest.approx(12.0)
    assert waiting.wait(13.0).words()[0] == "about 15 s left"


def test_an_overdue_step_says_so_instead_of_nothing_left():
    waiting = a_run()
    waiting.note(LoadStarted(BF16, True), 0.0)
    for second in range(10):
        waiting.note(load(second * 10), float(second))
    assert waiting.wait(9.9).words()[0] == "about 1 s left"
    assert waiting.wait(30.0).words()[0] == "longer than expected"


def test_generation_says_at_most_since_a_model_may_end_early():
    waiting = a_run()
    waiting.note(LoadStarted(BF16, True), 0.0)
    for index in range(20):
        waiting.note(token(index), 5.0 + index / 10)
    assert waiting.wait(7.2).words()[0] == "up to 8 s left"


def test_the_same_step_of_an_earlier_run_is_evidence_and_the_run_as_a_whole_has_a_time():
    waiting = Waiting(0.0)
    end = one_run(waiting, 0.0)
    assert waiting.wait(end).words() == ()
    waiting.begin(REQUEST, 100.0)
    waiting.note(LoadStarted(BF16, True), 100.0)
    wait = waiting.wait(100.0)
    assert wait.left_seconds is not None
    assert wait.left_seconds > 0
    assert wait.whole_seconds == pytest.approx(end, rel=0.1)


def test_a_variant_never_seen_is_expected_to_take_as_long_as_those_before_it_in_the_run():
    waiting = a_run()
    waiting.note(LoadStarted(BF16, True), 0.0)
    assert waiting.wait(1.0).whole_seconds is None
    waiting.note(ModelUnloaded(BF16, None), 10.0)  # type: ignore[arg-type]
    waiting.note(LoadStarted(INT8, False), 10.0)
    assert waiting.wait(12.0).whole_seconds == pytest.approx(18.0)
    assert waiting.wait(21.0).whole_seconds is None


def test_a_step_that_was_cut_short_is_no_evidence():
    waiting = a_run()
    waiting.note(LoadStarted(BF16, True), 1.0)
    waiting.note(RunFailed(None, "no", "", 1), 2.0)
    waiting.begin(REQUEST, 10.0)
    waiting.note(LoadStarted(BF16, True), 10.0)
    assert waiting.wait(10.0).left_seconds is None


def test_a_run_started_while_the_engine_warms_up_waits_on_for_the_same_thing():
    waiting = Waiting(0.0)
    waiting.begin(REQUEST, 3.0)
    assert waiting.wait(4.0).words() == ("4 s so far",)


def test_a_warm_up_tells_what_is_left_where_an_earlier_start_showed_how_long_it_takes():
    waiting = Waiting(0.0, warm_up_seconds=9.0)
    assert waiting.wait(4.0).words() == ("about 5 s left",)
    assert waiting.wait(10.0).words() == ("longer than expected",)


def test_another_models_times_are_no_evidence():
    waiting = Waiting(0.0)
    one_run(waiting, 0.0)
    other = RunRequest(
        "other", DEMO.__class__("x", "/models/x", DEMO.source), BF16, (INT8,), ("Once",), REQUEST.generation
    )
    waiting.begin(other, 50.0)
    waiting.note(LoadStarted(BF16, True), 50.0)
    assert waiting.wait(50.0).left_seconds is None


def test_nothing_is_waited_for_once_a_run_is_over_or_failed():
    for last in (RunFinished, RunFailed):
        waiting = a_run()
        for event in told():
            waiting.note(event, 1.0)
        waiting.note(RunFailed(None, "no", "", 1) if last is RunFailed else told()[-1], 2.0)
        assert waiting.wait(9.0) == Wait()


def test_the_status_of_a_run_carries_what_is_known_of_its_time():
    view = RunView(REQUEST)
    for event in told():
        view.apply(event)
        if isinstance(event, ModelLoaded):
            break
    assert run_status(view, wait=Wait(5.0, 12.0, place=(1, 3))).more == (
        "about 15 s left",
        "variant 1 of 3",
        "esc stops",
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (3.1, "4 s"), (9.5, "10 s"), (12, "15 s"), (56, "1 min"), (61, "1 min 30 s"), (3700, "1 h 02 min")],
)
def test_long_times_are_told_coarsely_and_rounded_up(seconds: float, words: str):
    assert coarse_seconds(seconds) == words


def test_without_evidence_there_are_no_words():
    assert left_words(None) == ""
    assert Pace(0.0).left_seconds(5.0) is None
