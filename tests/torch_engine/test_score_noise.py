"""The reference against itself: the noise floor, its two kinds, and what makes a flip a tie."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from fp64_oracle import full_logits, kl, log_softmax
from scoring import DEMO, disturbed, drain, make_scorer, random_model, random_text, score_pair
from transformers import AutoModelForCausalLM

from quanttui.records import (
    FlipKind,
    GenerateRequest,
    GenerationSettings,
    LoadRequest,
    NoiseFloor,
    Precision,
    ScoreRequest,
)
from quanttui.torch_engine.engine import TorchEngine
from quanttui.torch_engine.noise import NoiseMeasured
from quanttui.torch_engine.pair import Measured
from quanttui.torch_engine.reference_side import ReferenceShelf
from quanttui.torch_engine.score_rows import FLIP_KINDS, flips, noise_by_position, noise_floor
from quanttui.torch_engine.states import Window, cast_on_the_fly, decode_states, read_window
from quanttui.variants import parse_variant


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def never():
    return False


@pytest.fixture(scope="module")
def generated():
    """The demo model in bf16 after a generation of 40 tokens with states kept."""
    engine = TorchEngine(device="cpu", threads=1)
    loaded = drain(engine.load(LoadRequest("demo", str(DEMO), parse_variant("bf16"), Precision.BF16)))[1]
    request = GenerateRequest("Once upon a time", GenerationSettings(max_new_tokens=40), keep_states=True)
    output = drain(loaded.generate(request))[1]
    yield loaded, output
    loaded.unload()
    engine.close()


def test_the_floor_is_the_mean_kl_between_decode_and_prefill(generated):
    loaded, output = generated
    text, first = output.prompt_token_ids + output.token_ids, len(output.prompt_token_ids)
    drain(loaded.score(ScoreRequest("floor", text, first, is_reference=True)))
    score = drain(loaded.score(ScoreRequest("floor", text, first, is_reference=False, release=True)))[1]
    weight = loaded.model.get_output_embeddings().weight.double()
    decoded = log_softmax((loaded.decode_states.double() @ weight.T).numpy())
    prefilled = log_softmax(full_logits(loaded.model, text, first))
    assert score.noise_floor.kind == "bf16 decode vs prefill"
    assert score.noise_floor.tokens == len(output.token_ids)
    assert score.noise_floor.mean == pytest.approx(np.abs(kl(prefilled, decoded)).mean(), rel=1e-2)
    assert score.noise_floor.mean > 1e-6


def test_decoding_a_text_again_gives_the_states_that_generating_it_kept(generated):
    loaded, output = generated
    again = decode_states(loaded.model, output.prompt_token_ids, output.token_ids, never)
    assert torch.equal(again, loaded.decode_states)


def test_a_text_the_reference_did_not_generate_is_decoded_for_the_floor(generated):
    loaded, output = generated
    text = (*output.prompt_token_ids, *output.token_ids[::-1])
    drain(loaded.score(ScoreRequest("other", text, len(output.prompt_token_ids), is_reference=True)))
    request = ScoreRequest("other", text, len(output.prompt_token_ids), is_reference=False, release=True)
    floor = drain(loaded.score(request))[1].noise_floor
    assert floor.kind == "bf16 decode vs prefill"
    assert 0 < floor.mean < 1e-2


@pytest.mark.parametrize("name", ["llama, tied", "qwen2, biases, tied", "gpt2", "gemma2, soft cap", "cohere, scaled"])
def test_the_bf16_cast_computes_what_a_model_loaded_in_bf16_does_and_leaves_the_weights_alone(name, tmp_path):
    model = random_model(name, torch.float32)
    model.save_pretrained(tmp_path)
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.bfloat16)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    window = Window(random_text(model.config.vocab_size, 40), 30)
    with cast_on_the_fly(model, torch.bfloat16):
        cast = read_window(model, window, never).states
    assert torch.equal(cast, read_window(loaded, window, never).states)
    assert cast.dtype is torch.bfloat16
    after = model.state_dict()
    assert all(torch.equal(after[key], value) and after[key].dtype is value.dtype for key, value in before.items())
    assert read_window(model, window, never).states.dtype is torch.float32


def test_a_cast_that_fails_in_the_middle_leaves_the_weights_alone():
    model = random_model("llama, tied", torch.float32)
    model.model.layers[1].self_attn.register_forward_pre_hook(lambda *_: (_ for _ in ()).throw(KeyError("broken")))
    with pytest.raises(KeyError), cast_on_the_fly(model, torch.bfloat16):
        read_window(model, Window(random_text(512, 10), 4), never)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_the_floor_of_an_fp32_reference_is_its_distance_from_its_bf16_cast(tmp_path):
    reference = random_model("llama, tied", torch.float32)
    reference.save_pretrained(tmp_path)
    cast = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.bfloat16)
    text = random_text(512, 50)
    score = score_pair(reference, disturbed(reference), text, 3, Precision.FP32)
    ours, theirs = (log_softmax(full_logits(model, text, 3)) for model in (reference, cast))
    assert score.noise_floor.kind == "fp32 vs its bf16 cast"
    assert score.noise_floor.mean == pytest.approx(kl(ours, theirs).mean(), rel=1e-3)


def test_the_cast_itself_as_a_candidate_lies_exactly_on_the_floor(tmp_path):
    reference = random_model("qwen2, biases, tied", torch.float32)
    reference.save_pretrained(tmp_path)
    cast = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.bfloat16)
    score = score_pair(reference, cast, random_text(3001, 50), 3, Precision.FP32)
    assert np.mean([row.kl_divergence for row in score.tokens]) == pytest.approx(score.noise_floor.mean, rel=1e-4)
    assert not [row for row in score.tokens if row.flip is FlipKind.REAL]


def test_the_floor_is_the_same_for_every_candidate_and_its_states_go_after_the_first():
    reference, text, shelf = random_model("llama, tied"), random_text(512, 60), ReferenceShelf()
    drain(make_scorer(reference, shelf).score(ScoreRequest("t", text, 5, is_reference=True)))
    assert shelf.sides["t"].other is not None
    floors = []
    for seed in (1, 2):
        request = ScoreRequest("t", text, 5, is_reference=False)
        floors.append(drain(make_scorer(disturbed(reference, seed=seed), shelf).score(request))[1].noise_floor)
        assert shelf.sides["t"].other is None
    assert floors[0] == floors[1]


def flips_of(*rows):
    """Rows of (p's first choice, q's first choice, gap, noise)."""
    p_first, q_first, gap, noise = (torch.tensor(column) for column in zip(*rows, strict=True))
    unused = torch.zeros(len(rows))
    measured = Measured(unused, unused, unused, p_first, q_first, unused, gap)
    return [FLIP_KINDS[number] for number in flips(measured, noise).tolist()]


def test_a_flip_is_a_tie_up_to_the_noise_and_real_beyond_it():
    found = flips_of((7, 7, 0.0, 1.0), (7, 7, 1.0, 0.0), (7, 8, 0.0, 0.0), (7, 8, 0.02, 0.02), (7, 8, 0.021, 0.02))
    assert found == [FlipKind.NONE, FlipKind.NONE, FlipKind.TIE, FlipKind.TIE, FlipKind.REAL]


def test_the_noise_of_a_position_is_its_own_or_what_99_of_100_stay_within():
    change = torch.full((200,), 0.01, dtype=torch.float64)
    change[[3, 50, 70]] = torch.tensor([0.5, 0.04, 0.03], dtype=torch.float64)
    noises = noise_by_position(NoiseMeasured(torch.zeros(200), change), 202)
    assert noises[3] == 0.5
    assert noises[50] == noises[0] == 0.04  # of 200 positions, the smallest value that 198 do not exceed
    assert noises[201] == 0.04  # past what was measured
    few = noise_by_position(NoiseMeasured(torch.zeros(3), torch.tensor([0.1, 0.3, 0.2], dtype=torch.float64)), 3)
    assert few.tolist() == [pytest.approx(0.3)] * 3
    longer = noise_by_position(NoiseMeasured(torch.zeros(3), torch.tensor([0.1, 0.3, 0.2], dtype=torch.float64)), 1)
    assert longer.tolist() == [pytest.approx(0.3)]


def test_rounding_below_zero_counts_by_its_size():
    noise = NoiseMeasured(torch.tensor([2e-8, -2e-8], dtype=torch.float64), torch.zeros(2))
    assert noise_floor(noise, "kind") == NoiseFloor(pytest.approx(2e-8), "kind", 2)
