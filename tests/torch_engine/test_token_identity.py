"""What the engine generates equals plain transformers + BitsAndBytesConfig + generate, token for token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from driving import DEMO, LoadModel, generate, plain_generate
from small_models import gpt2, llama, qwen2, save_model

from quanttui.models.demo import PROMPTS

BF16, FP16, FP32 = torch.bfloat16, torch.float16, torch.float32
INT8: dict[str, Any] = {"load_in_8bit": True}


def four_bit(kind: str, compute: torch.dtype, **more: Any) -> dict[str, Any]:
    return {"load_in_4bit": True, "bnb_4bit_quant_type": kind, "bnb_4bit_compute_dtype": compute, **more}


DEMO_CASES = [
    ("fp32", "fp32", FP32, None),
    ("bf16", "bf16", BF16, None),
    ("fp16", "fp16", FP16, None),
    ("int8", "bf16", BF16, INT8),
    ("int8", "fp16", FP16, INT8),
    ("int8+threshold=0", "bf16", BF16, {**INT8, "llm_int8_threshold": 0.0}),
    ("nf4", "bf16", BF16, four_bit("nf4", BF16)),
    ("nf4", "fp32", FP32, four_bit("nf4", FP32)),
    ("fp4", "fp16", FP16, four_bit("fp4", FP16)),
    ("nf4+dq", "bf16", BF16, four_bit("nf4", BF16, bnb_4bit_use_double_quant=True)),
    ("nf4+compute=fp16", "bf16", BF16, four_bit("nf4", FP16)),
    (
        "nf4+skip=model.layers.0:model.layers.2.mlp",
        "bf16",
        BF16,
        four_bit("nf4", BF16, llm_int8_skip_modules=["lm_head", "model.layers.0", "model.layers.2.mlp"]),
    ),
]
DEMO_PROMPTS = ["Once upon a time", "The king said to his three sons"]


@pytest.mark.parametrize(("variant", "reference", "dtype", "options"), DEMO_CASES, ids=lambda value: str(value)[:24])
def test_every_variant_of_the_demo_model_generates_what_a_plain_script_does(
    load_model: LoadModel, variant: str, reference: str, dtype: torch.dtype, options: dict[str, Any] | None
) -> None:
    model = load_model(DEMO, variant, reference)
    ours = [list(generate(model, prompt).token_ids) for prompt in DEMO_PROMPTS]
    assert ours == plain_generate(DEMO, DEMO_PROMPTS, dtype, options)


SMALL_CASES = [("bf16", None), ("int8", INT8), ("nf4", four_bit("nf4", BF16)), ("fp4", four_bit("fp4", BF16))]
SMALL_MODELS = {
    "gpt2": gpt2(),
    "llama-untied": llama(tie_word_embeddings=False),
    "llama-tied": llama(tie_word_embeddings=True),
    "llama-many-eos": llama(eos_token_id=[1, 97, 110, 200]),
    "qwen2-biases-odd-widths": qwen2(),
}


@pytest.fixture(scope="module")
def small_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("small"), SMALL_MODELS[request.param])


@pytest.mark.parametrize("small_folder", SMALL_MODELS, indirect=True)
def test_other_architectures_generate_what_a_plain_script_does(load_model: LoadModel, small_folder: Path) -> None:
    odd_widths = '"hidden_size": 96' in (small_folder / "config.json").read_text()
    for variant, options in SMALL_CASES:
        output = generate(load_model(small_folder, variant), "once upon a time")
        plain = plain_generate(small_folder, ["once upon a time"], BF16, options, unpacked=odd_widths)
        assert [list(output.token_ids)] == plain, variant


def test_an_untied_head_is_quantized_as_bitsandbytes_does_it(load_model: LoadModel, tmp_path: Path) -> None:
    folder = save_model(tmp_path, llama(tie_word_embeddings=False))
    model = load_model(folder, "nf4+head")
    ours = list(generate(model, "once upon").token_ids)
    assert [ours] == plain_generate(folder, ["once upon"], BF16, four_bit("nf4", BF16, llm_int8_skip_modules=[]))


@pytest.mark.parametrize("precision", ["int8", "nf4"])
def test_a_tied_head_is_quantized_as_the_same_weight_untied_is(
    load_model: LoadModel, tmp_path: Path, precision: str
) -> None:
    """transformers fails on a tied head; the same weights saved apart are the reference."""
    tied = save_model(tmp_path / "tied", llama(tie_word_embeddings=True))
    untied = _saved_untied(tied, tmp_path / "untied")
    outputs = [generate(load_model(folder, f"{precision}+head"), "once upon a time") for folder in (tied, untied)]
    assert outputs[0].token_ids == outputs[1].token_ids
    assert outputs[0].probabilities == outputs[1].probabilities


def _saved_untied(tied: Path, folder: Path) -> Path:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(tied, dtype=BF16)
    apart = AutoModelForCausalLM.from_config(llama(tie_word_embeddings=False)).to(BF16)
    apart.load_state_dict({**model.state_dict(), "lm_head.weight": model.lm_head.weight.clone()})
    apart.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tied).save_pretrained(folder)
    return folder


def test_the_checkpoints_own_sampling_and_penalties_are_set_aside_and_named(
    load_model: LoadModel, tmp_path: Path
) -> None:
    settings = {"do_sample": True, "temperature": 0.6, "top_p": 0.9, "no_repeat_ngram_size": 2}
    folder = save_model(tmp_path, llama(), **settings)
    model = load_model(folder)
    plain = plain_generate(folder, ["once upon"], BF16, None, no_repeat_ngram_size=0)
    assert [list(generate(model, "once upon").token_ids)] == plain
    (note,) = [note for note in model.report.notes if "set aside" in note]
    assert all(f"{name}={value}" in note for name, value in settings.items())


def test_4_bit_parts_from_bf16_within_100_tokens_on_prompts_that_ship(load_model: LoadModel) -> None:
    texts = {
        variant: [generate(model, prompt, max_new_tokens=100).token_ids for prompt in PROMPTS[:3]]
        for variant in ("bf16", "nf4")
        if (model := load_model(DEMO, variant))
    }
    assert any(ours != theirs for ours, theirs in zip(texts["bf16"], texts["nf4"], strict=True))
