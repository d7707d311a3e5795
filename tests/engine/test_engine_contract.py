"""What every engine has to keep, whichever it is and wherever it runs."""

from __future__ import annotations

import os
import struct
from dataclasses import replace

import pytest
from engine_helpers import DEMO_FOLDER, PROMPT, exhaust, generate_request, load_request, result_of

from quanttui.errors import CancelledError, UsageError
from quanttui.records import (
    EncodeRequest,
    EngineMemory,
    EstimateRequest,
    FinishReason,
    LoadProgress,
    PromptEncoded,
    Score,
    ScoreRequest,
    Token,
)


def score_request(output, *, is_reference, text_id="text", **changes):
    ids = output.prompt_token_ids + output.token_ids
    return replace(ScoreRequest(text_id, ids, len(output.prompt_token_ids), is_reference), **changes)


def test_generation_tells_the_prompt_then_every_token_then_the_whole(model):
    (encoded, *tokens), output = exhaust(model.generate(generate_request()))
    assert isinstance(encoded, PromptEncoded)
    assert len(encoded.token_ids) == len(encoded.pieces)
    assert all(isinstance(token, Token) for token in tokens)
    assert [token.index for token in tokens] == list(range(len(tokens)))
    assert output.token_ids == tuple(token.token_id for token in tokens)
    assert output.pieces == tuple(token.text for token in tokens)
    assert output.text == "".join(output.pieces)
    assert output.prompt_token_ids == encoded.token_ids
    assert output.probabilities == tuple(token.probability for token in tokens)
    assert all(0 < token.probability <= 1 for token in tokens)
    assert output.finish_reason is FinishReason.LENGTH
    assert len(tokens) == 12


def test_times_rise_from_the_prompt_on(model):
    (_, *tokens), output = exhaust(model.generate(generate_request()))
    times = [token.elapsed_seconds for token in tokens]
    assert times == sorted(times)
    assert 0 < output.time_to_first_token_seconds <= times[0] + 1e-9
    assert output.tokens_per_second > 0


def test_greedy_generation_repeats_itself(model):
    first, second = (result_of(model.generate(generate_request())) for _ in range(2))
    assert first.token_ids == second.token_ids
    assert second.warm


def test_sampling_follows_its_seed(model):
    sampled = [
        result_of(model.generate(generate_request(24, do_sample=True, temperature=1.5, seed=seed))).token_ids
        for seed in (1, 1, 2)
    ]
    assert sampled[0] == sampled[1]
    assert sampled[0] != sampled[2]


def test_forced_tokens_belong_to_the_context_not_to_the_output(model):
    free = result_of(model.generate(generate_request()))
    forced = replace(generate_request(6), forced_token_ids=free.token_ids[:4])
    (encoded, *_), output = exhaust(model.generate(forced))
    assert encoded.token_ids == free.prompt_token_ids
    assert output.prompt_token_ids == free.prompt_token_ids + free.token_ids[:4]
    assert len(output.token_ids) == 6
    assert output.token_ids[:6] == free.token_ids[4:10]


def test_cancelling_ends_generation_within_one_token_and_keeps_what_was_made(shared_subject, model):
    work = model.generate(generate_request(200))
    seen = [next(work) for _ in range(4)]
    shared_subject.engine.cancel()
    later, output = exhaust(work)
    assert len(later) <= 1
    assert output.finish_reason is FinishReason.CANCELLED
    assert output.token_ids == tuple(token.token_id for token in [*seen[1:], *later])


def test_after_a_cancelled_generation_the_next_is_whole(shared_subject, model):
    whole = result_of(model.generate(generate_request()))
    work = model.generate(generate_request())
    next(work)
    shared_subject.engine.cancel()
    exhaust(work)
    assert result_of(model.generate(generate_request())).token_ids == whole.token_ids


def test_cancelling_while_nothing_runs_does_nothing(shared_subject, model):
    shared_subject.engine.cancel()
    output = result_of(model.generate(generate_request(3)))
    assert output.finish_reason is FinishReason.LENGTH


def test_an_abandoned_generation_leaves_the_engine_in_step(model):
    whole = result_of(model.generate(generate_request()))
    work = model.generate(generate_request(200))
    next(work)
    work.close()
    assert result_of(model.generate(generate_request())).token_ids == whole.token_ids


def test_a_released_reference_is_forgotten(shared_subject, model):
    output = result_of(model.generate(generate_request(3)))
    result_of(model.score(score_request(output, is_reference=True, text_id="released")))
    result_of(model.score(score_request(output, is_reference=False, text_id="released", release=True)))
    with pytest.raises(UsageError):
        result_of(model.score(score_request(output, is_reference=False, text_id="released")))


def test_scoring_without_a_reference_is_refused(model):
    output = result_of(model.generate(generate_request(3)))
    with pytest.raises(UsageError):
        result_of(model.score(score_request(output, is_reference=False, text_id="never read")))


def test_scoring_no_token_is_refused(model):
    output = result_of(model.generate(generate_request(3)))
    nothing = score_request(output, is_reference=True, first_scored=len(output.prompt_token_ids + output.token_ids))
    with pytest.raises(UsageError):
        result_of(model.score(nothing))


def test_a_prompt_longer_than_the_context_is_refused(model):
    with pytest.raises(UsageError, match="context"):
        result_of(model.generate(generate_request(prompt=" and".join([PROMPT] * 600))))


def test_a_token_id_beyond_the_embedding_is_refused(model):
    with pytest.raises(UsageError):
        result_of(model.generate(replace(generate_request(), forced_token_ids=(10**9,))))


def test_a_refusal_leaves_the_model_usable(model):
    with pytest.raises(UsageError):
        result_of(model.generate(replace(generate_request(), forced_token_ids=(10**9,))))
    assert result_of(model.generate(generate_request(3))).token_ids


def test_generation_ends_where_the_context_is_full(model):
    context = model.report.model.context_length
    prompt = generate_request(context)
    output = result_of(model.generate(replace(prompt, prompt=" and".join([PROMPT] * (context // 7)))))
    total = len(output.prompt_token_ids) + len(output.token_ids)
    assert total <= context
    if output.finish_reason is not FinishReason.EOS:
        assert (output.finish_reason, total) == (FinishReason.CONTEXT, context)


def test_describes_the_process_in_which_it_works(subject):
    description = subject.engine.describe()
    assert description.device
    assert description.versions["torch"]
    assert (description.process_id != os.getpid()) is subject.in_child
    if subject.in_child:
        assert description.process_id == subject.engine.process_id


@pytest.mark.parametrize("variant", ["bf16", "int8", "nf4"])
def test_an_estimate_foretells_the_bytes_of_the_weights(subject, variant):
    estimate = subject.engine.estimate(EstimateRequest(load_request(variant), 40))
    model = subject.load(variant)
    model.unload()
    assert estimate.weights_bytes == model.report.parameter_bytes
    assert (estimate.variant, estimate.device) == (model.report.variant, model.report.device)
    assert estimate.needed_bytes > estimate.weights_bytes
    assert estimate.kv_cache_bytes > 0


def test_an_estimate_may_be_asked_while_a_model_is_loaded_and_leaves_it_alone(shared_subject, model):
    before = result_of(model.generate(generate_request(3)))
    shared_subject.engine.estimate(EstimateRequest(load_request("nf4"), 40))
    assert result_of(model.generate(generate_request(3))).token_ids == before.token_ids


def test_an_estimate_grows_with_the_text_up_to_the_context(shared_subject):
    context = 512
    asked = (20, 40, context, 10 * context)
    short, long, full, longer = (
        shared_subject.engine.estimate(EstimateRequest(load_request(), tokens)) for tokens in asked
    )
    assert long.kv_cache_bytes == 2 * short.kv_cache_bytes
    assert longer == full
    assert full.tokens == context


def encode(engine, text):
    return engine.encode(EncodeRequest(str(DEMO_FOLDER), text))


def test_running_text_is_encoded_as_a_prompt_is_but_for_what_stands_before_it(shared_subject, model):
    encoded = encode(shared_subject.engine, PROMPT)
    (prompt, *_), _ = exhaust(model.generate(generate_request(1)))
    assert prompt.token_ids == (encoded.bos_token_id, *encoded.token_ids)
    assert encoded.context_length == model.report.model.context_length


def test_text_longer_than_the_context_is_encoded_whole_and_none_at_all_as_nothing(shared_subject):
    one, many = (encode(shared_subject.engine, " and the dog ran" * count) for count in (1, 2000))
    assert many.token_ids == 2000 * one.token_ids
    assert len(many.token_ids) > many.context_length
    assert encode(shared_subject.engine, "").token_ids == ()


@pytest.mark.parametrize("variant", ["bf16", "nf4"])
def test_a_load_tells_its_progress_and_reports_what_was_loaded(subject, variant):
    progress, model = exhaust(subject.engine.load(load_request(variant)))
    report = model.report
    model.unload()
    assert progress
    assert all(isinstance(step, LoadProgress) for step in progress)
    assert progress[-1].done == progress[-1].total
    assert report.variant.spelling == variant
    assert report.model.id == "demo"
    assert report.parameter_bytes > 0
    assert report.options


def test_a_quantized_load_is_smaller_than_its_reference(subject):
    sizes = {}
    for variant in ("bf16", "nf4"):
        model = subject.load(variant)
        sizes[variant] = model.report.parameter_bytes
        model.unload()
    assert sizes["nf4"] < sizes["bf16"]


def test_a_cancelled_load_leaves_nothing_loaded(subject):
    work = subject.engine.load(load_request())
    next(work)
    subject.engine.cancel()
    with pytest.raises(CancelledError):
        exhaust(work)
    subject.load().unload()


def test_an_abandoned_load_leaves_nothing_loaded(subject):
    work = subject.engine.load(load_request())
    next(work)
    work.close()
    subject.load().unload()


def test_a_candidate_is_scored_against_the_reference(subject):
    reference = subject.load()
    output = result_of(reference.generate(replace(generate_request(), keep_states=True)))
    assert result_of(reference.score(score_request(output, is_reference=True))) is None
    reference.unload()
    candidate = subject.load("nf4")
    progress, score = exhaust(candidate.score(score_request(output, is_reference=False)))
    candidate.unload()
    assert isinstance(score, Score)
    assert progress[-1].done_tokens == progress[-1].total_tokens
    first = len(output.prompt_token_ids)
    assert [(row.position, row.token_id) for row in score.tokens] == list(enumerate(output.token_ids, first))
    assert all(row.kl_divergence > -1e-9 for row in score.tokens)
    assert all(len(row.reference_top) == len(row.candidate_top) == 8 for row in score.tokens)
    assert max(row.kl_divergence for row in score.tokens) > 0


def test_a_side_in_a_file_outlives_its_engine_and_gives_the_same_figures_as_columns(subject, tmp_path):
    reference = subject.load()
    output = result_of(reference.generate(replace(generate_request(), keep_states=True)))
    request = score_request(output, is_reference=True)
    on_disk = replace(request, side_path=str(tmp_path / "side"), as_columns=True)
    result_of(reference.score(request))
    assert result_of(reference.score(on_disk)) is None
    reference.unload()
    candidate = subject.load("nf4")
    in_memory = result_of(candidate.score(replace(request, is_reference=False, release=True)))
    score = result_of(candidate.score(replace(on_disk, is_reference=False, text_id="any")))
    with pytest.raises(UsageError, match="another text"):
        result_of(candidate.score(replace(on_disk, is_reference=False, first_scored=request.first_scored + 1)))
    with pytest.raises(UsageError):
        result_of(candidate.score(replace(on_disk, is_reference=False, side_path=str(tmp_path / "none"))))
    candidate.unload()
    assert (score.tokens, score.noise_floor) == ((), in_memory.noise_floor)
    count = len(in_memory.tokens)
    assert score.columns.tokens == count
    assert struct.unpack(f"<{count}d", score.columns.kl) == tuple(row.kl_divergence for row in in_memory.tokens)
    assert list(score.columns.flips) == [["none", "tie", "real"].index(row.flip) for row in in_memory.tokens]


def test_unloading_twice_reports_the_same(subject):
    model = subject.load()
    assert model.unload() == model.unload()


def test_an_unloaded_model_refuses_to_work(subject):
    model = subject.load()
    model.unload()
    with pytest.raises(UsageError):
        result_of(model.generate(generate_request()))


def test_its_memory_is_told_at_any_time_without_waiting(subject):
    assert subject.engine.memory() == EngineMemory()
    model = subject.load()
    for _ in model.generate(generate_request()):
        assert subject.engine.memory() == EngineMemory()
    model.unload()
