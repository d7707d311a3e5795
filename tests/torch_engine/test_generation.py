"""The decode loop's promises: where it ends, what it reports, and that the same seed gives the same tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from driving import DEMO, LoadModel, events_and_result, generate
from small_models import llama, save_model
from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed

from quanttui.errors import MeasurementError, UsageError
from quanttui.records import FinishReason, GenerateRequest, GenerationSettings, PromptEncoded, Token
from quanttui.torch_engine.engine import TorchEngine


def test_events_are_the_prompt_then_each_token_and_add_up_to_the_output(
    load_model: LoadModel, small_llama: Path
) -> None:
    model = load_model(small_llama)
    request = GenerateRequest("once upon a time", GenerationSettings(max_new_tokens=12))
    (encoded, *tokens), output = events_and_result(model.generate(request))
    assert isinstance(encoded, PromptEncoded)
    assert all(isinstance(token, Token) for token in tokens)
    assert [token.index for token in tokens] == list(range(12))
    assert output.token_ids == tuple(token.token_id for token in tokens)
    assert output.text == "".join(token.text for token in tokens) == "".join(output.pieces)
    assert output.prompt_token_ids == encoded.token_ids
    assert output.finish_reason is FinishReason.LENGTH
    assert output.tokens_per_second is not None
    assert output.tokens_per_second > 0
    times = [token.elapsed_seconds for token in tokens]
    assert times == sorted(times)
    assert output.time_to_first_token_seconds == times[0] > 0


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 1.0},
        {"temperature": 0.7, "top_k": 20},
        {"temperature": 1.3, "top_p": 0.8},
        {"temperature": 0.9, "top_k": 50, "top_p": 0.95},
    ],
)
def test_sampling_gives_what_transformers_samples_after_set_seed(
    load_model: LoadModel, settings: dict[str, float]
) -> None:
    ours = generate(load_model(DEMO), "Once upon a time", do_sample=True, seed=11, **settings)
    plain = AutoModelForCausalLM.from_pretrained(DEMO, dtype=torch.bfloat16)
    inputs = AutoTokenizer.from_pretrained(DEMO)("Once upon a time", return_tensors="pt")
    set_seed(11)
    filters = {"top_k": 0, "top_p": 1.0, **settings}
    tokens = plain.generate(**inputs, max_new_tokens=40, do_sample=True, repetition_penalty=1.0, **filters)
    assert list(ours.token_ids) == tokens[0, inputs.input_ids.shape[1] :].tolist()


def test_the_same_seed_gives_the_same_tokens_and_another_seed_others(load_model: LoadModel, small_llama: Path) -> None:
    model = load_model(small_llama)
    first, again, other = (
        generate(model, "once", do_sample=True, temperature=2.0, seed=seed).token_ids for seed in (1, 1, 2)
    )
    assert first == again != other


def test_probabilities_are_the_models_own_also_where_it_samples(load_model: LoadModel, small_llama: Path) -> None:
    """Against one pass over the whole text; bf16 paths differ a little."""
    model = load_model(small_llama, "fp32", "fp32")
    output = generate(model, "once upon", do_sample=True, temperature=0.5, top_k=3, max_new_tokens=10)
    ids = torch.tensor([output.prompt_token_ids + output.token_ids])
    with torch.no_grad():
        logits = model.model(ids).logits[0, len(output.prompt_token_ids) - 1 : -1].float()
    expected = logits.softmax(-1)[torch.arange(10), torch.tensor(output.token_ids)]
    assert output.probabilities == pytest.approx(expected.tolist(), rel=1e-3)


def test_every_eos_of_the_checkpoint_ends_the_text_and_is_part_of_it(load_model: LoadModel, tmp_path: Path) -> None:
    whole = generate(load_model(save_model(tmp_path / "a", llama())), "once upon a time", max_new_tokens=20)
    ending = next(token for index, token in enumerate(whole.token_ids) if index >= 5 and token > 1)
    folder = save_model(tmp_path / "b", llama(), eos_token_id=[1, ending])
    output = generate(load_model(folder), "once upon a time", max_new_tokens=20)
    length = whole.token_ids.index(ending) + 1
    assert output.token_ids == whole.token_ids[:length]
    assert output.finish_reason is FinishReason.EOS


def test_generation_ends_where_the_context_is_full(load_model: LoadModel, small_llama: Path) -> None:
    model = load_model(small_llama)
    assert model.report.model.context_length == 96
    output = generate(model, "once upon a time", max_new_tokens=500)
    assert output.finish_reason is FinishReason.CONTEXT
    assert len(output.prompt_token_ids) + len(output.token_ids) == 96


def test_a_prompt_that_fills_the_context_gets_no_token_and_a_longer_one_is_refused(
    load_model: LoadModel, small_llama: Path
) -> None:
    model = load_model(small_llama)
    full = generate(model, "é" * 48)  # two byte tokens each
    assert (full.finish_reason, full.token_ids, full.text) == (FinishReason.CONTEXT, (), "")
    assert full.time_to_first_token_seconds is None
    with pytest.raises(UsageError, match="97"):
        generate(model, "é" * 48 + "x")


def test_an_empty_prompt_is_refused(load_model: LoadModel, small_llama: Path) -> None:
    with pytest.raises(UsageError, match="no tokens"):
        generate(load_model(small_llama), "")


def test_token_ids_beyond_the_embedding_are_refused_before_the_forward_pass(
    load_model: LoadModel, small_llama: Path
) -> None:
    """In a prompt: test_untrusted_checkpoints, with tokens that were added to the tokenizer alone."""
    with pytest.raises(UsageError, match="320 rows"):
        generate(load_model(small_llama), "!", forced=(320,))


def test_forcing_a_models_own_tokens_changes_nothing_of_what_follows(load_model: LoadModel, small_llama: Path) -> None:
    """Forced tokens go the decode's way: in int8 and bf16 a prefill of them would give other numbers."""
    model = load_model(small_llama, "int8")
    whole = generate(model, "once upon a time", max_new_tokens=20)
    rest = generate(model, "once upon a time", forced=whole.token_ids[:8], max_new_tokens=12)
    assert rest.token_ids == whole.token_ids[8:]
    assert rest.probabilities == whole.probabilities[8:]
    assert rest.prompt_token_ids == whole.prompt_token_ids + whole.token_ids[:8]


@pytest.mark.parametrize("do_sample", [False, True])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_logits_that_are_no_numbers_void_the_generation(
    load_model: LoadModel, small_llama: Path, value: float, do_sample: bool
) -> None:
    model = load_model(small_llama)
    model.model.lm_head.weight.data[3, 0] = value
    with pytest.raises(MeasurementError, match="NaN"):
        generate(model, "once upon", do_sample=do_sample)


@pytest.mark.parametrize(
    "settings",
    [
        {"max_new_tokens": 0},
        {"do_sample": True, "temperature": 0.0},
        {"do_sample": True, "temperature": float("nan")},
        {"do_sample": True, "top_p": 0.0},
        {"do_sample": True, "top_p": 1.5},
        {"do_sample": True, "top_k": -1},
        {"do_sample": True, "seed": 2**64},
    ],
    ids=str,
)
def test_settings_without_meaning_are_refused(
    load_model: LoadModel, small_llama: Path, settings: dict[str, float]
) -> None:
    with pytest.raises(UsageError):
        generate(load_model(small_llama), "once", **settings)


def test_states_kept_while_decoding_are_those_that_predicted_each_token(
    load_model: LoadModel, small_llama: Path
) -> None:
    model = load_model(small_llama, "fp32", "fp32")
    request = GenerateRequest("once upon", GenerationSettings(max_new_tokens=9), (5, 6), keep_states=True)
    _, output = events_and_result(model.generate(request))
    assert model.decode_states is not None
    assert model.decode_states.shape == (9, 64)
    logits = model.model.get_output_embeddings()(model.decode_states)
    assert logits.argmax(-1).tolist() == list(output.token_ids)
    generate(model, "once upon")
    assert model.decode_states is None


def test_time_between_tokens_that_the_consumer_takes_is_not_counted(small_llama: Path) -> None:
    from quanttui.torch_engine.generate import _Stopwatch

    now = [0.0]
    watch = _Stopwatch(lambda: now[0])
    now[0] = 1.0
    with watch.paused():
        now[0] = 100.0
    now[0] = 101.0
    assert watch.seconds() == 2.0


def test_an_unloaded_model_refuses_work(load_model: LoadModel, torch_engine: TorchEngine, small_llama: Path) -> None:
    model = load_model(small_llama)
    assert model.unload() == model.unload()
    with pytest.raises(UsageError, match="unloaded"):
        generate(model, "once")
