"""Models side by side: the same run as one after another, one order of events, and nothing left whatever happens."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from dataclasses import replace

import psutil
import pytest

from quanttui.engine.pool import EnginePool
from quanttui.engine.process import EngineProcess
from quanttui.engine.registry import open_engine
from quanttui.engine.scripted import Fault, ScriptedEngine, default_script
from quanttui.errors import EngineDiedError, MeasurementError
from quanttui.models.catalog import demo_entry
from quanttui.pipeline import run_comparison
from quanttui.pipeline.passage import Task
from quanttui.pipeline.plans import Look, choose_plan
from quanttui.records import GenerationSettings, LoadRecord, ModelEntry, ModelSource, Plan, Precision, RunRequest
from quanttui.records.events import (
    CandidateScored,
    ModelLoaded,
    ModelUnloaded,
    OutputFinished,
    RunFailed,
    RunFinished,
    TokenGenerated,
)
from quanttui.variants import parse_variant

MODEL = ModelEntry("demo", "/models/demo", ModelSource.DEMO, dtype=Precision.BF16)
BF16, INT8, NF4 = map(parse_variant, ("bf16", "int8", "nf4"))
PROMPTS = ("Once upon a time", "A king")
SETTINGS = GenerationSettings(max_new_tokens=20)
REQUEST = RunRequest("run-1", MODEL, None, (INT8, NF4), PROMPTS, SETTINGS, plan=Plan.PARALLEL)
SCRIPTED = "quanttui.engine.scripted:ScriptedEngine"


@pytest.fixture(autouse=True)
def two_cores(monkeypatch, tmp_path):
    """However many there are; what is made for a while is made where it is seen."""
    look = Look(lambda: 2, lambda: 2.0, lambda *_: (2**40, 2**40))
    monkeypatch.setattr("quanttui.pipeline.plans.MACHINE", look)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


class Made:
    """Makes scripted engines with the same faults and the same hold, and keeps them."""

    def __init__(self, faults=(), hold=None):
        self.faults, self.hold, self.engines = faults, hold, []

    def __call__(self, _number):
        self.engines.append(ScriptedEngine(default_script(faults=self.faults), self.hold))
        return self.engines[-1]


def timeless(run):
    """``run`` without what no two runs share."""
    outputs = [
        (result.text, timeless_output(result.reference), [timeless_candidate(each) for each in result.candidates])
        for result in run.prompts
    ]
    loads = [(load.report.variant, load.report.parameter_bytes, load.report.notes) for load in run.loads]
    return outputs, loads, run.summaries, run.model, run.failure


def timeless_output(output):
    return replace(output, tokens_per_second=None, time_to_first_token_seconds=None)


def timeless_candidate(candidate):
    score = replace(candidate.score, seconds=0.0)
    return replace(candidate, output=timeless_output(candidate.output), score=score)


def test_the_run_is_that_of_the_models_one_after_another():
    (*_, alone) = run_comparison(ScriptedEngine(), replace(REQUEST, plan=Plan.SEQUENTIAL))
    (*_, together) = run_comparison(EnginePool(Made()), REQUEST)
    assert isinstance(together, RunFinished)
    assert timeless(together.run) == timeless(alone.run)
    assert together.run.request.plan is Plan.PARALLEL
    assert [load.report.variant for load in together.run.loads] == [BF16, INT8, NF4]
    assert all(isinstance(load, LoadRecord) and load.unload is not None for load in together.run.loads)


@pytest.mark.parametrize("_attempt", range(5))
def test_a_candidates_whole_output_is_told_after_the_references_and_each_variants_events_in_their_order(_attempt):
    events = list(run_comparison(EnginePool(Made()), REQUEST))
    finished = [(event.variant, event.prompt) for event in events if isinstance(event, OutputFinished)]
    for prompt in range(len(PROMPTS)):
        for candidate in (INT8, NF4):
            assert finished.index((BF16, prompt)) < finished.index((candidate, prompt))
    for variant in (BF16, INT8, NF4):
        mine = [event for event in events if getattr(event, "variant", None) == variant]
        kinds = [type(event) for event in mine if not isinstance(event, TokenGenerated)]
        assert kinds.index(ModelLoaded) < kinds.index(OutputFinished) < kinds.index(ModelUnloaded) == len(kinds) - 1
        indices = [event.token.index for event in mine if isinstance(event, TokenGenerated)]
        assert indices == sorted(indices[: len(indices) // 2]) * 2


@pytest.mark.parametrize("stage", ["load", "generate", "score"])
@pytest.mark.parametrize("variant", ["bf16", "int8", "nf4"])
def test_a_fault_of_one_lane_ends_the_run_with_its_cause_and_leaves_nothing(two_cores, stage, variant):
    fault = Fault(stage, variant, 1, MeasurementError("the logits are not finite", "Choose another variant."))
    made = Made((fault,))
    *events, last = run_comparison(EnginePool(made), REQUEST)
    assert isinstance(last, RunFailed)
    assert last.message == "the logits are not finite"
    assert [engine.resident for engine in made.engines] == [None, None]
    assert list(two_cores.iterdir()) == []
    loaded = [event.variant for event in events if isinstance(event, ModelLoaded)]
    assert {event.variant for event in events if isinstance(event, ModelUnloaded)} == set(loaded)


@pytest.mark.parametrize("kind", [ModelLoaded, TokenGenerated, CandidateScored])
def test_a_cancelled_run_stops_every_lane_and_keeps_what_was_made(two_cores, kind):
    is_stopped = threading.Event()

    def last_candidate_waits(_stage, variant, _index):
        assert variant != NF4 or is_stopped.wait(60)

    made = Made(hold=last_candidate_waits)
    for event in run_comparison(EnginePool(made), REQUEST, is_stopped.is_set):
        if isinstance(event, kind):
            is_stopped.set()
    assert isinstance(event, RunFailed)
    assert event.was_cancelled
    assert [engine.resident for engine in made.engines] == [None, None]
    assert list(two_cores.iterdir()) == []


def test_a_run_that_nobody_listens_to_any_more_is_stopped(two_cores):
    made = Made()
    events = run_comparison(EnginePool(made), REQUEST)
    assert any(isinstance(event, TokenGenerated) for event in events)
    events.close()
    assert [engine.resident for engine in made.engines] == [None, None]
    assert list(two_cores.iterdir()) == []


def test_an_engine_process_that_dies_fails_the_run_and_no_process_is_left(two_cores):
    made = []

    def make(_number):
        made.append(EngineProcess(SCRIPTED))
        return made[-1]

    pool = EnginePool(make)
    process_ids, killed = set(), False
    for event in run_comparison(pool, replace(REQUEST, generation=GenerationSettings(max_new_tokens=200))):
        process_ids |= {engine.process_id for engine in made} - {None}
        if isinstance(event, ModelLoaded) and event.variant == INT8 and not killed:
            os.kill(made[1].process_id, signal.SIGKILL)
            killed = True
    assert isinstance(event, RunFailed | RunFinished)  # it may have answered all before it was killed
    pool.close()
    assert len(process_ids) == 2
    assert [psutil.pid_exists(process_id) for process_id in process_ids] == [False, False]
    assert list(two_cores.iterdir()) == []


def test_where_an_engine_cannot_be_opened_those_opened_before_it_are_closed():
    class Counted(ScriptedEngine):
        opened = 0

        def __init__(self):
            super().__init__()
            Counted.opened += 1

        def close(self):
            super().close()
            Counted.opened -= 1

    def make(number):
        if number == 2:
            raise EngineDiedError("no process can be started", "Close others.")
        return Counted()

    pool = EnginePool(make)
    with pytest.raises(EngineDiedError), pool.lanes(3):
        pass
    assert Counted.opened == 1
    assert pool.describe() is not None


@pytest.mark.slow
def test_demo_gives_the_same_tokens_and_scores_side_by_side():
    request = RunRequest("run-2", demo_entry(), None, (INT8, NF4), PROMPTS, SETTINGS)
    runs = []
    for plan in (Plan.SEQUENTIAL, Plan.PARALLEL):
        pool = EnginePool(lambda _number: open_engine("torch"))
        (*_, last) = run_comparison(pool, replace(request, plan=plan))
        pool.close()
        assert isinstance(last, RunFinished), last
        runs.append(last.run)
    assert runs[1].request.plan is Plan.PARALLEL
    assert timeless(runs[0]) == timeless(runs[1])


def chosen(wish, look, *, model=MODEL, candidates=(INT8, NF4), engine=None):
    engine = engine or EnginePool(Made())
    request = replace(REQUEST, plan=wish, model=model, candidates=candidates)
    return choose_plan(engine, Task(request, BF16, Precision.BF16), engine.describe(), look=look)


def machine(cores=2, free=2.0, room=2**40):
    return Look(lambda: cores, lambda: free, lambda *_: (room, room))


SMALL, LARGE = replace(MODEL, parameter_count=5_000_000), replace(MODEL, parameter_count=1_100_000_000)


def test_what_is_asked_is_done_where_it_fits():
    choice = chosen(Plan.PARALLEL, machine())
    assert (choice.plan, choice.lanes, choice.most_threads) == (Plan.PARALLEL, 2, 1)
    choice = chosen(Plan.PARALLEL, machine(cores=8))
    assert (choice.lanes, choice.most_threads) == (3, 2)
    assert chosen(Plan.SEQUENTIAL, machine()).plan is Plan.SEQUENTIAL


@pytest.mark.parametrize(
    ("look", "options", "reason"),
    [
        (machine(cores=1), {}, "one processor core"),
        (machine(room=2**20), {}, "models at once take"),
        (machine(room=None), {}, "free memory is not known"),
        (machine(), {"engine": ScriptedEngine()}, "inside this process"),
        (machine(), {"candidates": (BF16, NF4)}, "the reference is a candidate too"),
    ],
)
def test_what_cannot_go_side_by_side_goes_one_after_another_and_says_why(look, options, reason):
    choice = chosen(Plan.PARALLEL, look, **options)
    assert choice.plan is Plan.SEQUENTIAL
    assert reason in choice.reason


def test_left_to_it_only_small_models_with_a_free_core_each_go_side_by_side():
    assert chosen(Plan.AUTO, machine(), model=SMALL).plan is Plan.PARALLEL
    assert "takes all cores" in chosen(Plan.AUTO, machine(), model=LARGE).reason
    assert "1.0 of 2 cores are free" in chosen(Plan.AUTO, machine(free=1.0), model=SMALL).reason
