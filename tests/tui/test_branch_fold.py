"""A branch from the run it comes from to the view it ends in, over the real pipeline and the scripted engine."""

from __future__ import annotations

import pytest

from quanttui.engine.scripted import ScriptedEngine
from quanttui.pipeline import run_comparison
from quanttui.pipeline.branch import run_branch
from quanttui.records import GenerationSettings, ModelEntry, ModelSource, Precision, RunRequest, Variant
from quanttui.records.events import RunFailed
from quanttui.tui.state.branch_fold import apply_branch_event, branch_request, branch_view
from quanttui.tui.state.branch_view import BranchState, BranchView
from quanttui.tui.state.run_view import RunView

MODEL = ModelEntry("demo", "/models/demo", ModelSource.DEMO, dtype=Precision.BF16)
BF16, NF4 = Variant(Precision.BF16), Variant(Precision.NF4)


@pytest.fixture(scope="module")
def run() -> RunView:
    request = RunRequest("run", MODEL, None, (NF4,), ("Once upon a time",), GenerationSettings(max_new_tokens=20))
    view = RunView(request)
    for event in run_comparison(ScriptedEngine(), request):
        view.apply(event)
    return view


def divergence(run: RunView) -> int:
    assert run.candidate is not None
    assert run.candidate.first_divergence is not None
    return run.candidate.first_divergence


def branched(run: RunView, variant: Variant, index: int, forced: tuple[int, ...], text: str) -> BranchView:
    request, view = branch_request(run, "branch", variant, forced), branch_view(run, variant, index, text)
    assert request is not None
    assert view is not None
    for event in run_branch(ScriptedEngine(), request):
        view = apply_branch_event(view, event)
    return view


def test_the_candidate_goes_on_from_the_references_token(run: RunView) -> None:
    assert run.reference is not None
    at, ours = divergence(run), run.reference
    view = branched(run, NF4, at, tuple(ours.token_ids[: at + 1]), ours.tokens[at].text)
    assert (view.variant, view.donor, view.state) == ("nf4", "bf16", BranchState.DONE)
    assert view.prefix + view.forced == "".join(token.text for token in ours.tokens[: at + 1])
    assert view.free.startswith(view.prefix)
    assert view.branch
    assert view.agreed_tokens is not None


def test_the_reference_goes_on_from_the_candidates_token(run: RunView) -> None:
    assert run.reference is not None
    assert run.candidate is not None
    at, theirs = divergence(run), run.candidate
    view = branched(run, BF16, at, tuple(theirs.token_ids[: at + 1]), theirs.tokens[at].text)
    assert (view.variant, view.donor) == ("bf16", "nf4")
    assert view.free == run.reference.text
    assert view.agreed_tokens is not None


def test_a_failure_and_a_stop_are_told_apart(run: RunView) -> None:
    view = branch_view(run, NF4, 0, " a")
    assert view is not None
    failed = apply_branch_event(view, RunFailed(None, "no room", "Choose a smaller model.", 1))
    assert (failed.state, failed.detail) == (BranchState.FAILED, "no room · Choose a smaller model.")
    assert apply_branch_event(view, RunFailed(None, "stopped", "", 130)).state is BranchState.STOPPED


def test_without_an_answer_of_that_variant_there_is_no_branch(run: RunView) -> None:
    assert branch_request(run, "branch", Variant(Precision.FP4), (1,)) is None
