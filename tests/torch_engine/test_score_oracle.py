"""Every figure against full logits in fp64: on the demo model for every variant, and on small models of other makes."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from fp64_oracle import assert_rows_match, full_logits, kl, log_softmax
from scoring import CONFIGS, DEMO, TRANSFORMS, disturbed, drain, random_model, random_text, score_pair
from transformers import AutoTokenizer

from quanttui.compare.divergence import summarize
from quanttui.records import LoadRequest, Precision, ScoreRequest
from quanttui.torch_engine.engine import TorchEngine
from quanttui.variants import parse_variant

TEXT = "Once upon a time there lived a king who had three daughters, and the youngest was so beautiful that the sun"


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def demo():
    """What the engine gives for the demo model, reference first: {spelling: (score, fp64 logits)}, and the text."""
    tokenizer = AutoTokenizer.from_pretrained(DEMO)
    token_ids = tuple(tokenizer(TEXT)["input_ids"])
    engine = TorchEngine(device="cpu", threads=1)
    results = {}
    spellings = ["bf16", "bf16", "fp32", "fp16", "int8", "nf4", "nf4+dq", "fp4"]
    for place, spelling in enumerate(spellings):
        loaded = drain(engine.load(LoadRequest("demo", str(DEMO), parse_variant(spelling), Precision.BF16)))[1]
        request = ScoreRequest("demo", token_ids, 5, is_reference=place == 0)
        score = drain(loaded.score(request))[1]
        results["reference" if place == 0 else spelling] = (score, full_logits(loaded.model, token_ids, 5))
        loaded.unload()
    engine.close()
    return results, token_ids[5:]


@pytest.mark.parametrize("spelling", ["bf16", "fp32", "fp16", "int8", "nf4", "nf4+dq", "fp4"])
def test_every_variant_of_the_demo_model_matches_the_oracle(demo, spelling):
    results, continuation = demo
    score, logits = results[spelling]
    assert_rows_match(score.tokens, results["reference"][1], logits, continuation)


def test_the_reference_against_itself_is_exactly_zero(demo):
    score, _ = demo[0]["bf16"]
    assert {row.kl_divergence for row in score.tokens} == {0.0}
    assert {row.flip for row in score.tokens} == {"none"}


@pytest.mark.parametrize("spelling", ["int8", "nf4"])
def test_the_summary_of_the_demo_model_matches_the_oracle(demo, spelling):
    results, continuation = demo
    score, logits = results[spelling]
    summary = summarize([score])
    ln_p, ln_q = log_softmax(results["reference"][1]), log_softmax(logits)
    index = np.arange(len(continuation))
    ln_p_y, ln_q_y = ln_p[index, continuation], ln_q[index, continuation]
    delta = 100 * (np.exp(ln_q_y) - np.exp(ln_p_y))
    assert summary.kl_divergence.mean == pytest.approx(kl(ln_p, ln_q).mean(), rel=1e-3, abs=1e-6)
    assert summary.perplexity_reference == pytest.approx(np.exp(-ln_p_y.mean()), rel=1e-5)
    assert summary.perplexity_candidate == pytest.approx(np.exp(-ln_q_y.mean()), rel=1e-5)
    assert summary.ln_perplexity_ratio == pytest.approx((ln_p_y - ln_q_y).mean(), abs=1e-5)
    assert summary.delta_p_mean == pytest.approx(delta.mean(), abs=1e-3)
    assert summary.rms_delta_p == pytest.approx(np.sqrt((delta**2).mean()), rel=1e-3)
    assert summary.same_top == pytest.approx((ln_p.argmax(-1) == ln_q.argmax(-1)).mean(), abs=1e-12)


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32], ids=["bf16", "fp32"])
def test_other_models_match_the_oracle(name, dtype):
    reference = random_model(name, dtype)
    candidate = disturbed(reference)
    text = random_text(reference.config.vocab_size, 40 if reference.config.vocab_size < 100_000 else 14)
    precision = Precision.BF16 if dtype is torch.bfloat16 else Precision.FP32
    score = score_pair(reference, candidate, text, 6, precision)
    transform = TRANSFORMS.get(name, lambda z: z)
    ours, theirs = (full_logits(model, text, 6, transform) for model in (reference, candidate))
    assert np.mean([row.kl_divergence for row in score.tokens]) > 1e-4  # the test would prove nothing near zero
    assert_rows_match(score.tokens, ours, theirs, text[6:])


def test_a_candidate_with_a_head_of_its_own_is_measured_by_that_head():
    reference = random_model("llama, untied, odd vocabulary")
    candidate = copy.deepcopy(reference)
    candidate.lm_head.weight.data.mul_(1.25)
    text = random_text(1021, 70)
    score = score_pair(reference, candidate, text, 2)
    logits = (full_logits(model, text, 2) for model in (reference, candidate))
    assert_rows_match(score.tokens, *logits, text[2:])


def test_fp32_figures_are_those_of_the_whole_model_in_fp64():
    """The oracle above takes the hidden states as they are; here every layer is fp64, so the states are judged too."""
    reference = random_model("llama, tied", torch.float32)
    candidate = disturbed(reference)
    text = random_text(512, 60)
    score = score_pair(reference, candidate, text, 4, Precision.FP32)
    with torch.no_grad():
        ours, theirs = (
            copy.deepcopy(model).double()(torch.tensor([text[:-1]])).logits[0, 3:].numpy()
            for model in (reference, candidate)
        )
    assert ours.dtype == np.float64
    assert_rows_match(score.tokens, ours, theirs, text[4:])


def test_the_oracle_sees_a_transform_that_is_left_out():
    reference = random_model("gemma2, soft cap")
    candidate = disturbed(reference)
    text = random_text(900, 40)
    score = score_pair(reference, candidate, text, 6)
    plain = kl(*(log_softmax(full_logits(model, text, 6)) for model in (reference, candidate)))
    measured = np.array([row.kl_divergence for row in score.tokens])
    assert (plain / measured).min() > 1.1
