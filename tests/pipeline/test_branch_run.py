"""A forced token and what comes of it: order of events, agreement with the donor, stopping, failing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quanttui.engine.scripted import Fault, ScriptedEngine, default_script
from quanttui.errors import OutOfMemoryError
from quanttui.pipeline import run_comparison
from quanttui.pipeline.branch import run_branch
from quanttui.records import (
    FinishReason,
    GenerationSettings,
    ModelEntry,
    ModelSource,
    Precision,
    PromptResult,
    RunRequest,
    Variant,
)
from quanttui.records.branch import BranchEvent, BranchFinished, BranchRequest
from quanttui.records.events import LoadProgressed, ModelUnloaded, RunFailed, RunFinished, TokenGenerated

MODEL = ModelEntry("demo", "/models/demo", ModelSource.DEMO, dtype=Precision.BF16)
BF16, NF4 = Variant(Precision.BF16), Variant(Precision.NF4)
SETTINGS = GenerationSettings(max_new_tokens=20)
PROMPT = "Once upon a time"


@pytest.fixture(scope="module")
def compared() -> PromptResult:
    request = RunRequest("run", MODEL, BF16, (NF4,), (PROMPT,), SETTINGS)
    *_, last = run_comparison(ScriptedEngine(), request)
    assert isinstance(last, RunFinished)
    return last.run.prompts[0]


def request_at(compared: PromptResult, index: int) -> BranchRequest:
    """The candidate is made to take the reference's token at ``index``."""
    ours = compared.reference.token_ids
    return BranchRequest("branch", MODEL, NF4, BF16, PROMPT, SETTINGS, ours[: index + 1], ours)


def first_divergence(compared: PromptResult) -> int:
    index = compared.candidates[0].first_divergence
    assert index is not None
    return index


def kinds(events: list[BranchEvent]) -> list[str]:
    names = [type(event).__name__ for event in events]
    return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]


def test_a_branch_is_loaded_written_and_given_back(compared: PromptResult) -> None:
    engine = ScriptedEngine()
    events = list(run_branch(engine, request_at(compared, first_divergence(compared))))
    assert kinds(events) == [
        "LoadStarted",
        "LoadProgressed",
        "ModelLoaded",
        "PromptPrepared",
        "TokenGenerated",
        "ModelUnloaded",
        "BranchFinished",
    ]
    assert engine.resident is None


def test_forced_tokens_count_towards_the_length_and_are_no_output(compared: PromptResult) -> None:
    at = first_divergence(compared)
    *_, last = run_branch(ScriptedEngine(), request_at(compared, at))
    assert isinstance(last, BranchFinished)
    assert len(last.output.token_ids) == SETTINGS.max_new_tokens - (at + 1)
    assert last.output.prompt_token_ids[-(at + 1) :] == compared.reference.token_ids[: at + 1]


def test_it_counts_how_long_the_branch_goes_the_donors_way(compared: PromptResult) -> None:
    at = first_divergence(compared)
    *_, last = run_branch(ScriptedEngine(), request_at(compared, at))
    assert isinstance(last, BranchFinished)
    agreed = last.agreed_tokens
    assert agreed is not None
    donor = compared.reference.token_ids[at + 1 :]
    assert last.output.token_ids[:agreed] == donor[:agreed]
    assert agreed == len(last.output.token_ids) or last.output.token_ids[agreed] != donor[agreed]


def test_a_donor_that_went_another_way_is_not_compared(compared: PromptResult) -> None:
    asked = replace(request_at(compared, first_divergence(compared)), donor_token_ids=(1, 2, 3))
    *_, last = run_branch(ScriptedEngine(), asked)
    assert isinstance(last, BranchFinished)
    assert last.agreed_tokens is None


def test_a_token_forced_past_the_length_still_gets_one_token_after_it(compared: PromptResult) -> None:
    *_, last = run_branch(ScriptedEngine(), request_at(compared, SETTINGS.max_new_tokens - 1))
    assert isinstance(last, BranchFinished)
    assert len(last.output.token_ids) == 1


def test_stopped_while_it_writes_it_keeps_what_was_written(compared: PromptResult) -> None:
    seen: list[BranchEvent] = []
    branch = run_branch(
        ScriptedEngine(),
        request_at(compared, first_divergence(compared)),
        lambda: any(isinstance(event, TokenGenerated) for event in seen),
    )
    for event in branch:
        seen.append(event)
    assert isinstance(event, BranchFinished)
    assert event.output.finish_reason is FinishReason.CANCELLED
    assert 1 <= len(event.output.token_ids) <= 2


def test_stopped_while_it_loads_it_has_nothing_and_nothing_stays(compared: PromptResult) -> None:
    engine, seen = ScriptedEngine(), []
    branch = run_branch(
        engine,
        request_at(compared, first_divergence(compared)),
        lambda: any(isinstance(event, LoadProgressed) for event in seen),
    )
    for event in branch:
        seen.append(event)
    assert isinstance(event, RunFailed)
    assert event.was_cancelled
    assert engine.resident is None


def test_a_failure_is_told_and_the_model_given_back(compared: PromptResult) -> None:
    fault = Fault("generate", "nf4", 2, OutOfMemoryError("no room", "Choose a smaller model."))
    engine = ScriptedEngine(default_script(faults=(fault,)))
    events = list(run_branch(engine, request_at(compared, first_divergence(compared))))
    assert events[-1] == RunFailed(None, "no room", "Choose a smaller model.", 1)
    assert not any(isinstance(event, ModelUnloaded) for event in events)
    assert engine.resident is None
