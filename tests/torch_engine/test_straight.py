"""The straight step gives the model's own bits, and is not taken where it would not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from driving import DEMO, LoadModel, generate, plain_generate
from small_models import gemma2, gpt2, gpt_neox, granite, llama, mistral, qwen2, qwen3, save_model
from test_token_identity import BF16, INT8, four_bit

from quanttui.errors import CancelledError
from quanttui.torch_engine import decoder as decoding
from quanttui.torch_engine.decoder import Decoder, states_kept, steps_straight, warm_up
from quanttui.torch_engine.states import decode_states
from quanttui.torch_engine.straight import StraightStep, straight_step

STRAIGHT = {
    "llama-one-key-head": llama(num_key_value_heads=1, head_dim=32),
    "llama-all-key-heads": llama(num_key_value_heads=4, attention_bias=True, mlp_bias=True),
    "llama3-rope": llama(
        rope_parameters={
            "rope_type": "llama3",
            "rope_theta": 500000.0,
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 32,
        }
    ),
    "mistral": mistral(),
    "qwen2": qwen2(),
    "qwen3": qwen3(),
}
GENERAL = {
    "gpt2": gpt2(),
    "gpt-neox": gpt_neox(),
    "gemma2": gemma2(),
    "granite": granite(),
    "mistral-sliding": mistral(sliding_window=16),
}
VARIANTS: list[tuple[str, dict[str, Any] | None]] = [
    ("bf16", None),
    ("int8", INT8),
    ("int8+threshold=0", {**INT8, "llm_int8_threshold": 0.0}),
    ("nf4+dq", four_bit("nf4", BF16, bnb_4bit_use_double_quant=True)),
]
QUICK = [VARIANTS[0], VARIANTS[3]]
PROMPT = "once upon a time"


@pytest.mark.parametrize("name", [*STRAIGHT, *GENERAL])
def test_architectures_generate_what_a_plain_script_does_by_either_path(
    load_model: LoadModel, tmp_path: Path, name: str
) -> None:
    folder = save_model(tmp_path, (STRAIGHT | GENERAL)[name])
    odd_widths = name == "qwen2"
    some = QUICK if name in STRAIGHT else VARIANTS[:1]
    for variant, options in VARIANTS if name == "llama-all-key-heads" else some:
        model = load_model(folder, variant)
        assert steps_straight(model.model) == (name in STRAIGHT), variant
        plain = plain_generate(folder, [PROMPT], BF16, options, unpacked=odd_widths)
        assert [list(generate(model, PROMPT).token_ids)] == plain, variant


@pytest.mark.parametrize("variant", ["bf16", "int8", "nf4"])
def test_a_text_by_straight_steps_has_the_bits_of_the_general_path(
    load_model: LoadModel, monkeypatch: pytest.MonkeyPatch, variant: str
) -> None:
    model = load_model(DEMO, variant).model
    text = tuple(range(5, 45))
    straight = decode_states(model, text[:4], text[4:], lambda: False)
    monkeypatch.setattr(decoding, "_PROVEN_STEPS", {})
    general = decode_states(model, text[:4], text[4:], lambda: False)
    assert straight.shape[0] == len(text) - 4
    assert torch.equal(straight, general)


def test_a_step_with_other_numbers_is_not_taken(
    load_model: LoadModel, small_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_model(small_llama).model

    class Slanted(StraightStep):
        def __call__(self, *arguments: Any) -> torch.Tensor:
            logits = super().__call__(*arguments)
            logits[7] += 0.01
            return logits

    class Broken(StraightStep):
        def __call__(self, *_: Any) -> torch.Tensor:
            raise AttributeError("no such module")

    for kind in (Slanted, Broken):
        monkeypatch.setattr(decoding, "_PROVEN_STEPS", proven := {})
        monkeypatch.setattr(decoding, "straight_step", kind)
        warm_up(model)
        assert not proven
    monkeypatch.setattr(decoding, "straight_step", StraightStep)
    warm_up(model)
    assert proven


def test_a_model_whose_modules_have_other_names_has_no_straight_step(load_model: LoadModel, small_llama: Path) -> None:
    model = load_model(small_llama).model
    assert straight_step(model) is not None
    layer = model.model.layers[0]
    layer.before_attention = layer.input_layernorm
    del layer.input_layernorm
    assert straight_step(model) is None


def test_hooks_on_layers_are_called_at_every_token(load_model: LoadModel, small_llama: Path) -> None:
    model = load_model(small_llama).model
    assert steps_straight(model)
    calls: list[object] = []
    handle = model.model.layers[0].mlp.register_forward_hook(lambda *_: calls.append(None))
    decoder = Decoder(model)
    handle_count = [len(calls) for token_ids in ([3, 4], [5], [6]) if decoder.feed(token_ids) is not None]
    handle.remove()
    assert handle_count == [1, 2, 3]


def test_the_heads_hooks_see_every_state(load_model: LoadModel, small_llama: Path) -> None:
    model = load_model(small_llama).model
    decoder = Decoder(model)
    with states_kept(model) as states:
        logits = [decoder.feed(token_ids) for token_ids in ([3, 4], [5], [6])]
    with torch.no_grad():
        assert torch.equal(torch.stack([model.lm_head(state).float() for state in states]), torch.stack(logits))


def test_decoding_for_the_noise_floor_can_be_left_between_two_tokens(load_model: LoadModel, small_llama: Path) -> None:
    model = load_model(small_llama).model
    answers = iter([False] * 40)

    def cancelled() -> bool:
        return next(answers, True)

    with pytest.raises(CancelledError):
        decode_states(model, [3, 4], list(range(5, 90)), cancelled)
