"""A run as a stream of events: their order, how it is stopped, and what is kept when it fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quanttui.engine.process import EngineProcess
from quanttui.engine.scripted import Fault, ScriptedEngine, default_script
from quanttui.errors import LoadError, MeasurementError
from quanttui.pipeline import run_comparison
from quanttui.pipeline.assembly import apply_event
from quanttui.pipeline.driving import kept_dtype
from quanttui.records import FinishReason, GenerationSettings, ModelEntry, ModelSource, Precision, RunRequest, Variant
from quanttui.records.events import (
    CandidateScored,
    LoadProgressed,
    LoadStarted,
    ModelLoaded,
    ModelUnloaded,
    OutputFinished,
    PromptPrepared,
    RunFailed,
    RunFinished,
    RunStarted,
    ScoreProgressed,
    TokenGenerated,
)
from quanttui.variants import parse_variant

MODEL = ModelEntry("demo", "/models/demo", ModelSource.DEMO, dtype=Precision.BF16)
BF16, INT8, NF4 = Variant(Precision.BF16), Variant(Precision.INT8), Variant(Precision.NF4)
REQUEST = RunRequest(
    "run-1", MODEL, None, (INT8, NF4), ("Once upon a time", "A king"), GenerationSettings(max_new_tokens=20)
)
STREAMED = (LoadProgressed, TokenGenerated, ScoreProgressed)


class Stop:
    """A flag that is raised when an event of ``kind`` of ``variant`` comes by."""

    def __init__(self, kind, variant=None):
        self.kind, self.variant = kind, variant
        self.after = []
        self.raised = False

    def watch(self, events):
        for event in events:
            if self.raised:
                self.after.append(event)
            elif isinstance(event, self.kind) and self.variant in (None, event.variant):
                self.raised = True
        return event

    def __call__(self):
        return self.raised


def faulty(*faults):
    return ScriptedEngine(default_script(faults=faults))


def run(engine, request=REQUEST, **options):
    return list(run_comparison(engine, request, **options))


def outline(events):
    """The kinds of the events, with streams of one kind drawn together."""
    kinds = [type(event) for event in events]
    return [kind.__name__ for at, kind in enumerate(kinds) if kind not in STREAMED or kinds[at - 1] is not kind]


ONE_PROMPT = ["PromptPrepared", "TokenGenerated", "OutputFinished", "ScoreProgressed"]
ONE_LOAD = ["LoadStarted", "LoadProgressed", "ModelLoaded"]
REFERENCE = [*ONE_LOAD, *ONE_PROMPT * 2, "ModelUnloaded"]
CANDIDATE = [*ONE_LOAD, *[*ONE_PROMPT, "CandidateScored"] * 2, "ModelUnloaded"]


def test_events_come_in_order_reference_first_one_model_at_a_time():
    assert outline(run(ScriptedEngine())) == ["RunStarted", *REFERENCE, *CANDIDATE * 2, "RunFinished"]


def test_the_run_holds_all_that_the_events_told():
    events = run(ScriptedEngine())
    result = events[-1].run
    assert result.reference == BF16
    assert [prompt.text for prompt in result.prompts] == list(REQUEST.prompts)
    outputs = [event.output for event in events if isinstance(event, OutputFinished)]
    assert result.prompts[1].reference is outputs[1]
    assert [c.variant for c in result.prompts[0].candidates] == [INT8, NF4]
    assert all(c.score is not None for prompt in result.prompts for c in prompt.candidates)
    assert [load.report.variant for load in result.loads] == [BF16, INT8, NF4]
    assert all(load.unload is not None for load in result.loads)
    assert result.failure is None


def test_a_candidate_is_aligned_with_the_reference_on_its_own_prompt():
    nf4 = run(ScriptedEngine())[-1].run.prompts[1].candidates[1]
    assert nf4.first_divergence == 7
    assert nf4.diff[0].reference == nf4.diff[0].candidate == (0, 7)


def test_without_scoring_nothing_is_scored():
    events = run(ScriptedEngine(), replace(REQUEST, score=False))
    assert not [event for event in events if isinstance(event, ScoreProgressed | CandidateScored)]
    assert isinstance(events[-1], RunFinished)


@pytest.mark.parametrize("in_process", [True, False])
@pytest.mark.parametrize(
    ("kind", "variant"),
    [
        (LoadStarted, BF16),
        (LoadProgressed, BF16),
        (ModelLoaded, BF16),
        (PromptPrepared, BF16),
        (TokenGenerated, BF16),
        (OutputFinished, BF16),
        (ScoreProgressed, BF16),
        (ModelUnloaded, BF16),
        (LoadProgressed, NF4),
        (TokenGenerated, NF4),
        (ScoreProgressed, NF4),
        (CandidateScored, NF4),
    ],
)
def test_cancelled_at_any_stage_it_stops_within_a_step_and_keeps_what_was_made(engines, in_process, kind, variant):
    stop = Stop(kind, variant)
    last = stop.watch(run_comparison(engines[in_process], REQUEST, stop))
    assert isinstance(last, RunFailed)
    assert last.was_cancelled
    assert len([event for event in stop.after if isinstance(event, STREAMED)]) <= 1
    assert last.run.failure
    if variant == NF4:
        assert len(last.run.prompts[0].candidates) >= 1
    assert isinstance(run(engines[in_process])[-1], RunFinished)


@pytest.fixture(scope="module")
def engines():
    process = EngineProcess("quanttui.engine.scripted:ScriptedEngine")
    yield {True: ScriptedEngine(), False: process}
    process.close()


def test_the_output_of_a_cancelled_generation_is_kept():
    stop = Stop(TokenGenerated)
    last = stop.watch(run_comparison(ScriptedEngine(), REQUEST, stop))
    output = last.run.prompts[0].reference
    assert output.finish_reason is FinishReason.CANCELLED
    assert 1 <= len(output.token_ids) <= 2


@pytest.mark.parametrize(
    ("fault", "candidates", "scores"),
    [
        (Fault("load", "bf16", 3, LoadError("damaged", "Fetch it again.")), 0, 0),
        (Fault("generate", "int8", 4, MeasurementError("NaN", "hint")), 0, 0),
        (Fault("score", "int8", 0, MeasurementError("NaN", "hint")), 1, 0),
        (Fault("generate", "nf4", 2), 1, 1),
    ],
)
def test_a_failure_keeps_what_was_made_and_gives_the_model_back(fault, candidates, scores):
    engine = faulty(fault)
    last = run(engine)[-1]
    assert isinstance(last, RunFailed)
    assert not last.was_cancelled
    assert last.message == last.run.failure != ""
    assert last.hint
    made = last.run.prompts[0].candidates if last.run.prompts else ()
    assert (len(made), sum(c.score is not None for c in made)) == (candidates, scores)
    assert all(load.unload is not None for load in last.run.loads)
    assert engine.resident is None
    assert isinstance(run(engine)[-1], RunFinished)


def test_a_defect_of_an_engine_becomes_a_failed_run():
    def fail(stage, variant, index):
        raise ZeroDivisionError("a defect")

    last = run(ScriptedEngine(hold=fail))[-1]
    assert isinstance(last, RunFailed)
    assert last.message == "ZeroDivisionError: a defect"
    assert last.exit_code == 1


@pytest.mark.parametrize("kind", [LoadProgressed, ModelLoaded, TokenGenerated, ScoreProgressed, ModelUnloaded])
@pytest.mark.parametrize("in_process", [True, False])
def test_an_abandoned_run_gives_the_model_back(engines, in_process, kind):
    events = run_comparison(engines[in_process], REQUEST)
    next(event for event in events if isinstance(event, kind))
    events.close()
    assert isinstance(run(engines[in_process])[-1], RunFinished)


def test_the_model_that_a_failed_run_gave_back_is_told_before_the_failure():
    events = run(faulty(Fault("generate", "int8", 4, MeasurementError("NaN", "hint"))))
    assert isinstance(events[-2], ModelUnloaded)
    assert events[-2].variant == INT8
    assert events[-1].run.loads[-1].unload == events[-2].report


def test_a_model_saved_quantized_runs_as_what_it_is_and_as_nothing_else():
    stored = replace(MODEL, prequantized="nf4")
    assert isinstance(run(ScriptedEngine(), replace(REQUEST, model=stored, candidates=(NF4,)))[-1], RunFinished)
    (refused,) = run(ScriptedEngine(), replace(REQUEST, model=stored))
    assert "saved as nf4: it cannot be made int8" in refused.message


def test_an_unsupported_variant_is_refused_before_any_load():
    engine = ScriptedEngine(default_script(unsupported={"nf4": "no 4-bit here"}))
    events = run(engine)
    assert outline(events) == ["RunFailed"]
    assert "no 4-bit here" in events[0].message


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"prompts": ()}, "no prompt"),
        ({"prompts": ("text", " \n")}, "empty"),
        ({"candidates": ()}, "no candidate"),
        ({"candidates": (NF4, INT8, NF4)}, "twice"),
        ({"model": replace(MODEL, problem="no config.json")}, "no config.json"),
    ],
)
def test_what_cannot_be_run_is_refused_before_the_engine_is_asked(changes, why):
    events = run(ScriptedEngine(), replace(REQUEST, **changes))
    assert outline(events) == ["RunFailed"]
    assert why in events[0].message
    assert (events[0].run, events[0].exit_code) == (None, 2)


def test_a_candidate_may_be_the_reference_itself():
    result = run(ScriptedEngine(), replace(REQUEST, candidates=(BF16,)))[-1].run
    assert result.prompts[0].candidates[0].first_divergence is None
    assert all(load.unload is not None for load in result.loads)


def test_events_before_the_start_describe_no_run():
    assert apply_event(None, LoadStarted(BF16, True)) is None


def test_the_first_event_settles_the_reference():
    started = run(ScriptedEngine(), replace(REQUEST, model=replace(MODEL, dtype=Precision.FP32)))[0]
    assert isinstance(started, RunStarted)
    assert started.reference == BF16


@pytest.mark.parametrize(
    ("reference", "checkpoint", "expected"),
    [("nf4", Precision.BF16, Precision.BF16), ("int8", Precision.FP32, Precision.BF16), ("fp32", None, Precision.FP32)],
)
def test_what_is_not_quantized_has_a_floating_type_even_beside_a_quantized_reference(
    reference: str, checkpoint: Precision | None, expected: Precision
) -> None:
    assert kept_dtype(parse_variant(reference), checkpoint, "cpu") is expected


def test_a_run_that_fails_keeps_the_summary_of_what_was_measured_before():
    *_, last = run(faulty(Fault("load", "nf4")))
    assert isinstance(last, RunFailed)
    (summary,) = last.run.summaries
    assert summary.variant == INT8
    *_, whole = run(ScriptedEngine())
    assert summary == whole.run.summaries[0]
