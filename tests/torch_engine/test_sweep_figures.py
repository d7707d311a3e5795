"""The figures of a sweep are those of single comparisons, of the same prompts and of the same windows: exactly."""

from __future__ import annotations

from dataclasses import replace

import pytest
from driving import load

from quanttui.cache.sides import SideCache
from quanttui.compare.divergence import summarize
from quanttui.models.catalog import resolve_model
from quanttui.pipeline import run_comparison
from quanttui.pipeline.driving import exhausted
from quanttui.pipeline.sweep import run_sweep
from quanttui.pipeline.sweep.keys import REPLAY_TOKENS
from quanttui.records import (
    EvaluationText,
    GenerationSettings,
    RunRequest,
    ScoreRequest,
    SweepPart,
    SweepProtocol,
    SweepRequest,
)
from quanttui.records.sweep_events import SweepFinished
from quanttui.suite.built_in import built_in_categories, built_in_prompts, built_in_text
from quanttui.variants import parse_variant

VARIANTS = tuple(map(parse_variant, ("int8", "fp32", "nf4+head")))
GENERATION = GenerationSettings(max_new_tokens=10)


@pytest.fixture(scope="module")
def request_() -> SweepRequest:
    model = resolve_model("demo")
    first = [next(p for p in built_in_prompts() if p.category == name) for name in built_in_categories()[:2]]
    text = EvaluationText("text", built_in_text().text[:900])
    return SweepRequest(
        "run-1", model, None, VARIANTS, tuple(first), (text,), GENERATION, SweepProtocol(96, speed_tokens=0)
    )


@pytest.fixture(scope="module")
def sides(tmp_path_factory) -> SideCache:
    return SideCache(tmp_path_factory.mktemp("sides"))


@pytest.fixture(scope="module")
def swept(shared_engine, request_, sides) -> SweepFinished:
    shared_engine.close()
    end = list(run_sweep(shared_engine, request_, sides))[-1]
    assert isinstance(end, SweepFinished), end.message
    assert not end.sweep.failures
    return end


def test_of_prompts(torch_engine, request_, swept):
    prompts = tuple(prompt.text for prompt in request_.prompts)
    run = list(run_comparison(torch_engine, RunRequest("c", request_.model, None, VARIANTS, prompts, GENERATION)))[
        -1
    ].run
    rows = {row.variant: row for row in swept.snapshot.result.variants}
    assert {one.variant: one.divergence for one in run.summaries} == {one: rows[one].suite for one in VARIANTS}
    by_prompt = {
        (prompt.category, variant): run.prompts[index].candidates[at].divergence
        for index, prompt in enumerate(request_.prompts)
        for at, variant in enumerate(VARIANTS)
    }
    assert by_prompt == {
        (part.category, variant): part.divergence for variant in VARIANTS for part in rows[variant].by_category
    }


def test_of_windows(torch_engine, request_, swept):
    units = [unit for unit in swept.sweep.units if unit.part is SweepPart.TEXT]
    assert len(units) > 1
    path = request_.model.path
    scores = {}
    for variant in (swept.sweep.reference, *VARIANTS):
        model = load(torch_engine, path, variant.spelling)
        for unit in units:
            request = ScoreRequest(
                unit.name,
                unit.token_ids,
                unit.first_scored,
                is_reference=variant == swept.sweep.reference,
                replay_tokens=REPLAY_TOKENS,
            )
            scores.setdefault(variant, []).append(exhausted(torch_engine, model.score(request), lambda: False))
        model.unload()
    rows = {row.variant: row for row in swept.snapshot.result.variants}
    for variant in VARIANTS:
        single = summarize(scores[variant], reference="bf16", candidate=variant.spelling, of="window")
        assert rows[variant].text == single


def test_sides_that_were_kept_give_the_same_figures(torch_engine, request_, swept, sides):
    request = replace(request_, run_id="again", candidates=VARIANTS[-1:])
    end = list(run_sweep(torch_engine, request, sides))[-1]
    assert all(unit.from_cache for unit in end.sweep.units)
    (again,) = (row for row in end.snapshot.result.variants if row.variant == VARIANTS[-1])
    (first,) = (row for row in swept.snapshot.result.variants if row.variant == VARIANTS[-1])
    assert (again.text, again.suite, again.by_category) == (first.text, first.suite, first.by_category)
