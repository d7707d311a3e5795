"""What scoring refuses, forgets and leaves unchanged."""

from __future__ import annotations

import copy
import gc
import weakref

import pytest
import torch
from scoring import (
    disturbed,
    drain,
    make_scorer,
    random_model,
    random_text,
    score_pair,
    word_tokenizer,
)

from quanttui.errors import CancelledError, MeasurementError, UsageError
from quanttui.records import Precision, ScoreProgress, ScoreRequest
from quanttui.torch_engine import score as score_module
from quanttui.torch_engine.head import SLICE_ELEMENTS, OutputHead, possible_transforms, settle_transform
from quanttui.torch_engine.reference_side import ReferenceShelf
from quanttui.torch_engine.score import chunk_tokens, scoring_buffer_bytes
from quanttui.torch_engine.states import plan_windows

NAME = "llama, untied, odd vocabulary"
VOCABULARY = 1021


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pair():
    reference = random_model(NAME)
    return reference, disturbed(reference)


def keep(model, text, first_scored=3, **options):
    shelf = ReferenceShelf()
    drain(make_scorer(model, shelf, **options).score(ScoreRequest("t", text, first_scored, is_reference=True)))
    return shelf


@pytest.mark.parametrize("size", [1, 7, 48])
def test_the_figures_do_not_depend_on_the_chunk_size(pair, size, monkeypatch):
    text = random_text(VOCABULARY, 50)
    usual = score_pair(*pair, text, 3)
    monkeypatch.setattr(score_module, "chunk_tokens", lambda _: size)
    other = score_pair(*pair, text, 3)
    assert other.chunk_tokens == size
    for ours, theirs in zip(usual.tokens, other.tokens, strict=True):
        assert ours.kl_divergence == pytest.approx(theirs.kl_divergence, abs=2e-7, rel=1e-4)
        assert (ours.reference_rank, ours.candidate_rank) == (theirs.reference_rank, theirs.candidate_rank)
        assert [top.token_id for top in ours.reference_top] == [top.token_id for top in theirs.reference_top]


def test_the_chunk_is_fixed_by_the_vocabulary_alone():
    assert [chunk_tokens(size) for size in (512, 4096, 65_536, 128_000, 1_000_000)] == [128, 128, 128, 65, 16]


@pytest.mark.parametrize("name", ["llama, tied", "llama, 150,000 words"])
def test_what_scoring_holds_is_what_was_foretold(name):
    model = random_model(name)
    vocabulary, hidden = model.config.vocab_size, model.config.hidden_size
    scorer, text = make_scorer(model, ReferenceShelf()), random_text(vocabulary, 250)
    for is_reference in (True, False):
        drain(scorer.score(ScoreRequest("t", text, 1, is_reference=is_reference)))
    upcast = min(SLICE_ELEMENTS, vocabulary * hidden) * 4
    assert scorer._buffers.held_bytes + upcast == scoring_buffer_bytes(vocabulary, hidden)


def test_one_token_is_enough(pair):
    score = score_pair(*pair, random_text(VOCABULARY, 4), 3)
    assert [row.position for row in score.tokens] == [3]
    assert score.noise_floor.tokens == 1


def test_progress_ends_at_the_last_token(pair):
    text = random_text(VOCABULARY, 140)
    shelf = keep(pair[0], text)
    events, score = drain(make_scorer(pair[1], shelf).score(ScoreRequest("t", text, 3, is_reference=False)))
    assert events[0] == ScoreProgress(0, 137)
    assert events[-1] == ScoreProgress(137, 137)
    assert len(score.tokens) == 137


@pytest.mark.parametrize("first_scored", [0, 10, 11])
def test_a_text_without_a_token_to_score_is_refused(pair, first_scored):
    request = ScoreRequest("t", random_text(VOCABULARY, 10), first_scored, is_reference=True)
    with pytest.raises(UsageError, match="no token to score"):
        drain(make_scorer(pair[0], ReferenceShelf()).score(request))


def test_a_token_beyond_the_embedding_is_refused(pair):
    with pytest.raises(UsageError, match="beyond the embedding"):
        drain(make_scorer(pair[0], ReferenceShelf()).score(ScoreRequest("t", (1, 2, 1021), 1, is_reference=True)))


def test_a_candidate_before_its_reference_is_refused(pair):
    with pytest.raises(UsageError, match="has not read"):
        drain(make_scorer(pair[1], ReferenceShelf()).score(ScoreRequest("t", (1, 2, 3), 1, is_reference=False)))


def test_another_text_under_the_same_name_is_refused(pair):
    shelf = keep(pair[0], random_text(VOCABULARY, 10))
    request = ScoreRequest("t", random_text(VOCABULARY, 10, seed=9), 3, is_reference=False)
    with pytest.raises(UsageError, match="another text"):
        drain(make_scorer(pair[1], shelf).score(request))


def test_another_vocabulary_size_is_refused(pair):
    text = random_text(512, 20)
    shelf = keep(pair[0], text)
    scorer = make_scorer(random_model("llama, tied"), shelf, tokenizer=word_tokenizer(VOCABULARY))
    with pytest.raises(UsageError, match="512 entries, the reference's 1021"):
        drain(scorer.score(ScoreRequest("t", text, 3, is_reference=False)))


def test_another_tokenizer_is_refused(pair):
    text = random_text(VOCABULARY, 20)
    shelf = keep(pair[0], text)
    scorer = make_scorer(pair[1], shelf, tokenizer=word_tokenizer(VOCABULARY, prefix="x"))
    with pytest.raises(UsageError, match="another tokenizer"):
        drain(scorer.score(ScoreRequest("t", text, 3, is_reference=False)))


@pytest.mark.parametrize("where", ["model.layers.0.mlp.down_proj.weight", "lm_head.weight"])
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("side", [0, 1], ids=["reference", "candidate"])
def test_weights_that_are_not_finite_void_the_measurement(pair, where, value, side):
    models = [pair[0], pair[1]]
    models[side] = copy.deepcopy(models[side])
    models[side].get_parameter(where)[5, 7] = value
    with pytest.raises(MeasurementError, match="NaN or infinite"):
        score_pair(*models, random_text(VOCABULARY, 20), 3)


def test_logits_that_are_changed_in_an_unknown_way_are_refused(pair):
    model = copy.deepcopy(pair[0])
    model.lm_head.register_forward_hook(lambda _m, _a, output: output.roll(1, dims=-1))
    with pytest.raises(MeasurementError, match="do not follow"):
        keep(model, random_text(VOCABULARY, 20))


def test_a_config_key_that_the_model_does_not_read_is_no_transform(pair):
    model = copy.deepcopy(pair[0])
    model.config.logit_scale = 3.0
    states = torch.randn(4, 64, dtype=torch.bfloat16)
    settled = settle_transform(OutputHead(model.lm_head), model.config, states, model.lm_head(states))
    assert possible_transforms(model.config)[0].scale == 3.0
    assert settled.transform.scale == 1.0


def test_a_long_text_goes_by_windows_and_scores_every_token_once(pair):
    text = (0, *random_text(VOCABULARY, 99))
    score = score_pair(*pair, text, 5, context_length=32)
    assert [row.position for row in score.tokens] == list(range(5, 100))
    assert score.windows == (28, 16, 16, 16, 16, 3)
    assert sum(score.windows) == len(score.tokens)


@pytest.mark.parametrize("first_scored", [1, 20, 40, 90])
@pytest.mark.parametrize("bos", [0, None])
def test_windows_fit_the_context_begin_with_bos_and_give_each_token_its_own_past(first_scored, bos):
    text = (0, *range(100, 199))
    windows = plan_windows(text, first_scored, 32, bos)
    position = first_scored
    for number, window in enumerate(windows):
        assert len(window.token_ids) <= 33
        assert window.token_ids[-window.scored :] == text[position : position + window.scored]
        inner = window.token_ids[1:] if bos == 0 else window.token_ids
        start = position + window.scored - len(inner)
        assert inner == text[start : position + window.scored]
        assert bos is None or window.token_ids[0] == bos
        assert number == 0 or window.scored <= 16
        position += window.scored
    assert position == len(text)


def test_windows_are_scored_as_texts_of_their_own(pair):
    text = (0, *random_text(VOCABULARY, 60))
    whole = score_pair(*pair, text, 1, context_length=32, tokenizer=bos_tokenizer())
    window = plan_windows(text, 1, 32, 0)[1]
    alone = score_pair(*pair, window.token_ids, len(window.token_ids) - window.scored, context_length=32)
    ours = [row.kl_divergence for row in whole.tokens[32 : 32 + window.scored]]
    assert ours == pytest.approx([row.kl_divergence for row in alone.tokens], rel=1e-4, abs=2e-7)


def bos_tokenizer():
    tokenizer = word_tokenizer(VOCABULARY)
    tokenizer.bos_token = "w0"
    return tokenizer


def test_scoring_can_be_stopped_between_layers_and_between_chunks(pair):
    text = random_text(VOCABULARY, 200)
    shelf = keep(pair[0], text)
    for allowed in (1, 3):
        answers = iter([False] * allowed)
        request = ScoreRequest("t", text, 3, is_reference=False)
        work = make_scorer(pair[1], shelf).score(request, lambda answers=answers: next(answers, True))
        with pytest.raises(CancelledError):
            drain(work)


def test_the_shelf_keeps_one_head_and_nothing_after_release(pair):
    reference, candidate = copy.deepcopy(pair[0]), pair[1]
    text = random_text(VOCABULARY, 20)
    shelf = keep(reference, text)
    its_head = weakref.ref(reference.lm_head.weight)
    del reference
    request = ScoreRequest("t", text, 3, is_reference=False)
    drain(make_scorer(candidate, shelf).score(request))
    gc.collect()
    assert its_head() is None
    assert shelf.head.weight.data_ptr() == candidate.lm_head.weight.data_ptr()
    drain(make_scorer(candidate, shelf).score(ScoreRequest("t", text, 3, is_reference=False, release=True)))
    assert (shelf.head, shelf.sides) == (None, {})


def test_texts_of_an_earlier_reference_are_forgotten(pair):
    text = random_text(VOCABULARY, 20)
    shelf = keep(pair[0], text)
    drain(make_scorer(pair[1], shelf).score(ScoreRequest("new", text, 3, is_reference=True)))
    assert list(shelf.sides) == ["new"]


def test_int8_says_on_what_shape_its_figures_depend(pair):
    shelf = keep(pair[0], random_text(VOCABULARY, 20))
    scorer = make_scorer(pair[1], shelf, Precision.INT8)
    score = drain(scorer.score(ScoreRequest("t", random_text(VOCABULARY, 20), 3, is_reference=False)))[1]
    assert any("batch 1, 19 tokens a pass" in note for note in score.notes)


def test_the_process_keeps_its_own_matmul_precision(pair):
    before = torch.get_float32_matmul_precision()
    score_pair(*pair, random_text(VOCABULARY, 10), 3)
    assert torch.get_float32_matmul_precision() == before
