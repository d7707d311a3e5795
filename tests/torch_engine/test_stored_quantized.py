"""Checkpoints that bitsandbytes saved: they run as what they are, token for token, and as nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from driving import finish, generate, load
from safetensors.torch import load_file, save_file
from small_models import byte_level_tokenizer, gpt2, qwen2, save_model
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from quanttui.errors import LoadError, VariantUnsupportedError
from quanttui.models.checkpoint import inspect_checkpoint
from quanttui.records import ScoreRequest
from quanttui.torch_engine.engine import TorchEngine

BF16 = torch.bfloat16
STORED: dict[str, dict[str, Any]] = {
    "int8": {"load_in_8bit": True},
    "int8+threshold=0": {"load_in_8bit": True, "llm_int8_threshold": 0.0},
    "nf4": {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": BF16},
    "nf4+dq": {
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_compute_dtype": BF16,
        "bnb_4bit_use_double_quant": True,
    },
    "fp4+compute=fp32": {"load_in_4bit": True},
}
PROMPTS = ["once upon a time", "the old woman said"]


def save_quantized(source: Path, folder: Path, variant: str) -> Path:
    config = BitsAndBytesConfig(**STORED[variant])
    AutoModelForCausalLM.from_pretrained(source, dtype=BF16, quantization_config=config).save_pretrained(folder)
    byte_level_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def stored(small_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The small model saved as a variant, once a module."""
    made: dict[str, Path] = {}

    def folder(variant: str) -> Path:
        if variant not in made:
            made[variant] = save_quantized(small_llama, tmp_path_factory.mktemp("stored"), variant)
        return made[variant]

    return folder


def plain_tokens(folder: Path, *, dequantize: bool = False) -> list[list[int]]:
    """By transformers alone, told nothing but the folder."""
    model = AutoModelForCausalLM.from_pretrained(folder)
    if dequantize:
        model = model.dequantize(dtype=BF16)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    outputs = []
    for prompt in PROMPTS:
        inputs = tokenizer(prompt, return_tensors="pt")
        ids = model.generate(**inputs, max_new_tokens=12, do_sample=False, repetition_penalty=1.0)[0]
        outputs.append(ids[inputs.input_ids.shape[1] :].tolist())
    return outputs


def tokens(engine: TorchEngine, folder: Path, variant: str) -> list[list[int]]:
    model = load(engine, folder, variant)
    return [list(generate(model, prompt, max_new_tokens=12).token_ids) for prompt in PROMPTS]


@pytest.mark.parametrize("variant", STORED)
def test_it_generates_as_saved_what_transformers_does_by_itself(
    torch_engine: TorchEngine, stored: Callable[[str], Path], variant: str
) -> None:
    folder = stored(variant)
    assert inspect_checkpoint(folder).prequantized == variant
    assert tokens(torch_engine, folder, variant) == plain_tokens(folder)


@pytest.mark.parametrize(
    ("config", "variant"),
    [(gpt2(), "int8"), (qwen2(tie_word_embeddings=True), "nf4+dq")],
    ids=["gpt2, int8", "qwen2, nf4+dq"],
)
def test_turned_weights_biases_and_tied_heads_run_as_saved_too(
    torch_engine: TorchEngine, tmp_path: Path, config: Any, variant: str
) -> None:
    source = save_model(tmp_path / "full", config)
    folder = save_quantized(source, tmp_path / variant, variant)
    as_made = tokens(torch_engine, source, variant)
    torch_engine.close()
    assert tokens(torch_engine, folder, variant) == as_made
    torch_engine.close()
    assert tokens(torch_engine, folder, "bf16")


@pytest.mark.parametrize("variant", ["int8", "nf4+dq"])
def test_its_reference_is_its_own_weights_dequantized_and_says_so(
    torch_engine: TorchEngine, stored: Callable[[str], Path], variant: str
) -> None:
    folder = stored(variant)
    assert tokens(torch_engine, folder, "bf16") == plain_tokens(folder, dequantize=True)
    torch_engine.close()
    report = load(torch_engine, folder, "bf16").report
    assert any(f"dequantized from {variant}" in note for note in report.notes)


def test_what_is_as_small_as_saved_says_its_options(
    torch_engine: TorchEngine, stored: Callable[[str], Path], small_llama: Path
) -> None:
    made = load(torch_engine, small_llama, "nf4+dq").report
    torch_engine.close()
    report = load(torch_engine, stored("nf4+dq"), "nf4+dq").report
    assert report.parameter_bytes == made.parameter_bytes
    assert report.model.parameter_count == made.model.parameter_count
    for name in ("load_in_4bit", "bnb_4bit_quant_type", "bnb_4bit_compute_dtype", "bnb_4bit_use_double_quant", "dtype"):
        assert report.options[name] == made.options[name]


def test_it_is_compared_with_its_dequantized_self(torch_engine: TorchEngine, stored: Callable[[str], Path]) -> None:
    """The full-precision arithmetic on the same weights: what is left is small, and it is not the quantization."""
    folder = stored("nf4")
    reference = load(torch_engine, folder, "fp32", "fp32")
    output = generate(reference, PROMPTS[0], max_new_tokens=12)
    text = output.prompt_token_ids + output.token_ids
    finish(reference.score(ScoreRequest("text", text, len(output.prompt_token_ids), is_reference=True)))
    reference.unload()
    candidate = load(torch_engine, folder, "nf4", "fp32")
    score = finish(candidate.score(ScoreRequest("text", text, len(output.prompt_token_ids), is_reference=False)))
    assert max(token.kl_divergence for token in score.tokens) < 0.05


@pytest.mark.parametrize("asked", ["int8", "nf4", "fp4", "nf4+dq+compute=fp32", "nf4+dq+head"])
def test_another_quantization_of_it_is_refused_before_any_weight_is_read(
    torch_engine: TorchEngine, stored: Callable[[str], Path], asked: str
) -> None:
    with pytest.raises(VariantUnsupportedError, match=r"saved as nf4\+dq"):
        load(torch_engine, stored("nf4+dq"), asked)


def shorter_absmax(tensors: dict[str, torch.Tensor], name: str) -> None:
    tensors[f"{name}.absmax"] = tensors[f"{name}.absmax"][:-1].clone()


def shorter_weight(tensors: dict[str, torch.Tensor], name: str) -> None:
    tensors[name] = tensors[name][:-8].clone()


def other_block_size(tensors: dict[str, torch.Tensor], name: str) -> None:
    """Twice as many weights to a maximum: half of the maxima would do, and the kernel reads by this figure."""
    key = next(key for key in tensors if key.startswith(f"{name}.quant_state."))
    state = json.loads(bytes(tensors[key].tolist()))
    tensors[key] = torch.tensor(list(json.dumps(state | {"blocksize": 32}).encode()), dtype=torch.uint8)


def other_shape(tensors: dict[str, torch.Tensor], name: str) -> None:
    key = next(key for key in tensors if key.startswith(f"{name}.quant_state."))
    state = json.loads(bytes(tensors[key].tolist()))
    tensors[key] = torch.tensor(list(json.dumps(state | {"shape": [4096, 4096]}).encode()), dtype=torch.uint8)


def without_state(tensors: dict[str, torch.Tensor], name: str) -> None:
    for key in [key for key in tensors if key.startswith(f"{name}.")]:
        del tensors[key]


def shorter_scales(tensors: dict[str, torch.Tensor], name: str) -> None:
    key = name.replace("weight", "SCB")
    tensors[key] = tensors[key][:-1].clone()


@pytest.mark.parametrize(
    ("variant", "change"),
    [
        ("nf4", shorter_absmax),
        ("nf4", shorter_weight),
        ("nf4", other_block_size),
        ("nf4", other_shape),
        ("nf4", without_state),
        ("nf4+dq", shorter_absmax),
        ("int8", shorter_scales),
    ],
)
@pytest.mark.parametrize("as_float", [False, True])
def test_quantization_state_that_does_not_fit_is_refused_before_a_kernel_reads_by_it(
    torch_engine: TorchEngine,
    stored: Callable[[str], Path],
    tmp_path: Path,
    variant: str,
    change: Callable[[dict[str, torch.Tensor], str], None],
    as_float: bool,
) -> None:
    folder = Path(shutil.copytree(stored(variant), tmp_path / "model"))
    tensors = load_file(folder / "model.safetensors")
    change(tensors, "model.layers.0.mlp.up_proj.weight")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(LoadError):
        load(torch_engine, folder, "bf16" if as_float else variant)


@pytest.mark.parametrize("asked", ["nf4", "bf16"])
def test_a_config_that_promises_quantized_weights_where_there_are_none_is_refused(
    torch_engine: TorchEngine, small_llama: Path, tmp_path: Path, asked: str
) -> None:
    folder = Path(shutil.copytree(small_llama, tmp_path / "model"))
    config = json.loads((folder / "config.json").read_text())
    settings = BitsAndBytesConfig(**STORED["nf4"]).to_dict()
    (folder / "config.json").write_text(json.dumps(config | {"quantization_config": settings}))
    with pytest.raises(LoadError):
        load(torch_engine, folder, asked)
