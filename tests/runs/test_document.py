"""The JSON document of a run: the promised shape and meanings, nothing that a terminal or a parser trips on."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from quanttui.engine.scripted import Fault, default_script
from quanttui.errors import OutOfMemoryError
from quanttui.records import (
    CandidateSummary,
    ConfidenceBucket,
    DivergenceSummary,
    KlSummary,
    NoiseFloor,
    Run,
    Verdict,
    VerdictLevel,
)
from quanttui.runs.document import document_text, run_document

MakeRun = Callable[..., Run]

DIVERGENCE = DivergenceSummary(
    tokens=30,
    scope="within this text",
    kl_divergence=KlSummary(0.03, None, 0.01, 0.1, 0.2, 0.4, 0.5, 0.6),
    same_top=0.9,
    same_top_standard_error=0.05,
    delta_p_mean=-0.4,
    rms_delta_p=3.1,
    perplexity_reference=4.0,
    perplexity_candidate=4.2,
    ln_perplexity_ratio=0.0488,
    ln_perplexity_ratio_standard_error=None,
    tie_flips=1,
    real_flips=2,
    noise_floor=NoiseFloor(0.0002, "decode against prefill", 30),
    noise_multiple=150.0,
    smallest_detectable_nats=None,
    by_confidence=(ConfidenceBucket(0.0, 0.25, 30, 0.03, 0.9), ConfidenceBucket(0.25, 0.5, 0, None, None)),
    verdict=Verdict(VerdictLevel.CLEAR, "clear: 150 times the noise floor"),
)


@pytest.fixture
def measured(make_run: MakeRun) -> Run:
    run = make_run("nf4")
    candidate = replace(run.prompts[0].candidates[0], divergence=DIVERGENCE)
    prompt = replace(run.prompts[0], candidates=(candidate,))
    return replace(run, prompts=(prompt,), summaries=(CandidateSummary(candidate.variant, DIVERGENCE),))


def test_has_the_promised_keys(measured: Run) -> None:
    document = run_document(measured)
    assert document["schema_version"] == 1
    assert document["run_id"] == "run-1"
    assert {"id", "architecture", "parameter_count"} <= document["model"].keys()
    assert {"device", "python", "torch", "transformers", "bitsandbytes", "quanttui"} <= document["environment"].keys()
    assert {"max_new_tokens", "do_sample", "seed"} <= document["generation"].keys()
    (prompt,) = document["prompts"]
    assert prompt.keys() == {"text", "token_ids", "reference", "candidates"}
    output = {"variant", "options", "text", "token_ids", "finish_reason"}
    output |= {"tokens_per_second", "time_to_first_token_seconds"}
    assert output <= prompt["reference"].keys()
    assert output | {"first_divergence", "diff", "divergence", "scoring"} <= prompt["candidates"][0].keys()
    assert {"variant", "load_seconds", "parameter_bytes", "peak_bytes"} <= document["loads"][0].keys()


def test_divergence_has_the_promised_keys(measured: Run) -> None:
    (candidate,) = run_document(measured)["prompts"][0]["candidates"]
    divergence = candidate["divergence"]
    assert {
        "tokens",
        "same_top",
        "same_top_standard_error",
        "delta_p_mean",
        "rms_delta_p",
        "perplexity_reference",
        "perplexity_candidate",
        "ln_perplexity_ratio",
        "by_confidence",
        "verdict",
    } <= divergence.keys()
    kl = {"mean", "standard_error", "median", "p90", "p95", "p99", "p99_9", "max"}
    assert divergence["kl_divergence"].keys() == kl
    assert divergence["flips"] == {"tie": 1, "real": 2}
    assert {"mean", "kind"} <= divergence["noise_floor"].keys()
    assert divergence["verdict"] == "clear: 150 times the noise floor"


def test_the_summary_pools_each_candidate(measured: Run) -> None:
    (summary,) = run_document(measured)["summary"]
    assert summary["variant"] == "nf4"
    assert summary["kl_divergence"]["mean"] == 0.03


def test_prompt_and_output_tokens_are_kept_apart(make_run: MakeRun) -> None:
    run = make_run("nf4")
    prompt = run_document(run)["prompts"][0]
    output = run.prompts[0].reference
    assert prompt["token_ids"] == list(output.prompt_token_ids)
    assert prompt["reference"]["token_ids"] == list(output.token_ids)
    assert len(output.token_ids) == 30


def test_diff_spans_cover_both_outputs(make_run: MakeRun) -> None:
    prompt = run_document(make_run("nf4"))["prompts"][0]
    (candidate,) = prompt["candidates"]
    for side, ids in (("reference", prompt["reference"]["token_ids"]), ("candidate", candidate["token_ids"])):
        bounds = [tuple(span[side]) for span in candidate["diff"]]
        assert bounds[0][0] == 0
        assert bounds[-1][1] == len(ids)
        assert all(before[1] == after[0] for before, after in pairwise(bounds))
    assert candidate["first_divergence"] == candidate["diff"][0]["reference"][1]


def test_a_variant_is_spelled_shortest_and_its_options_stand_apart(make_run: MakeRun) -> None:
    (candidate,) = run_document(make_run("NF4+compute=fp16+dq"))["prompts"][0]["candidates"]
    assert candidate["variant"] == "nf4+dq+compute=fp16"
    assert candidate["options"]["bnb_4bit_quant_type"] == "nf4"
    assert candidate["options"]["bnb_4bit_use_double_quant"] is True
    assert candidate["options"]["bnb_4bit_compute_dtype"] == "float16"


def test_each_scored_token_is_listed_only_where_asked(make_run: MakeRun) -> None:
    run = make_run("nf4")
    assert "per_token" not in run_document(run)["prompts"][0]["candidates"][0]
    (candidate,) = run_document(run, per_token=True)["prompts"][0]["candidates"]
    score = run.prompts[0].candidates[0].score
    assert score is not None
    assert len(candidate["per_token"]) == len(score.tokens) == 30
    first, record = candidate["per_token"][0], score.tokens[0]
    assert first["kl_divergence"] == record.kl_divergence
    assert first["delta_p"] == pytest.approx(100 * (record.candidate_probability - record.reference_probability))
    assert len(first["reference_top"]) == 8


def test_an_unscored_candidate_says_null(make_run: MakeRun) -> None:
    run = make_run("nf4")
    (candidate,) = run.prompts[0].candidates
    bare = replace(
        run, prompts=(replace(run.prompts[0], candidates=(replace(candidate, score=None, divergence=None),)),)
    )
    (shown,) = run_document(bare, per_token=True)["prompts"][0]["candidates"]
    assert shown["divergence"] is None
    assert "per_token" not in shown


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_null(measured: Run, value: float) -> None:
    broken = replace(measured, summaries=(CandidateSummary(measured.reference, replace(DIVERGENCE, same_top=value)),))
    text = document_text(run_document(broken))
    assert json.loads(text, parse_constant=pytest.fail)["summary"][0]["same_top"] is None


def test_text_is_raw_once_parsed_and_harmless_before(hostile_run: Run) -> None:
    text = document_text(run_document(hostile_run, per_token=True))
    assert all(character == "\n" or " " <= character <= "~" for character in text)
    parsed = json.loads(text)["prompts"][0]
    assert parsed["reference"]["text"] == hostile_run.prompts[0].reference.text
    assert "\x1b" in parsed["reference"]["text"]


def test_a_delete_character_is_escaped_too() -> None:
    assert document_text({"text": "a\x7fb"}) == '{\n  "text": "a\\u007fb"\n}\n'


def test_a_failed_run_keeps_its_cause(make_run: MakeRun) -> None:
    fault = Fault("generate", "nf4", 3, OutOfMemoryError("no room"))
    document = run_document(make_run("nf4", script=replace(default_script(), faults=(fault,))))
    assert document["failure"] == "no room"
    assert document["prompts"][0]["candidates"] == []


def test_a_run_that_ended_well_has_no_failure(make_run: MakeRun) -> None:
    assert "failure" not in run_document(make_run("nf4"))


def test_a_load_says_where_its_modules_lie(measured: Run) -> None:
    spread = {"cuda:0": "model.layers.0–15", "cpu": "model.layers.16–31, lm_head"}
    first, *rest = measured.loads
    loads = (replace(first, report=replace(first.report, device_map=spread)), *rest)
    assert [load["device_map"] for load in run_document(replace(measured, loads=loads))["loads"]] == [spread, {}]
