"""What the engine loads against a plain ``from_pretrained`` with the same ``BitsAndBytesConfig``: every bit of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from driving import DEMO, finish, load_request
from small_models import gemma2, gpt2, gpt_neox, granite, llama, qwen2, save_model
from test_stored_quantized import save_quantized
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, MixtralConfig

from quanttui.torch_engine.blueprint import draw_blueprint
from quanttui.torch_engine.checkpoint import open_checkpoint
from quanttui.torch_engine.load import read_weights
from quanttui.torch_engine.stored import plan_request

INT8 = {"load_in_8bit": True}
NF4 = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": torch.bfloat16}
FP4 = {**NF4, "bnb_4bit_quant_type": "fp4"}
DOUBLE = {"bnb_4bit_use_double_quant": True}
VARIANTS: dict[str, dict[str, Any] | None] = {
    "bf16": None,
    "fp16": None,
    "fp32": None,
    "int8": INT8,
    "int8+threshold=0": {**INT8, "llm_int8_threshold": 0.0},
    "nf4": NF4,
    "nf4+dq": {**NF4, **DOUBLE},
    "nf4+compute=fp32": {**NF4, "bnb_4bit_compute_dtype": torch.float32},
    "fp4": FP4,
    "fp4+dq": {**FP4, **DOUBLE},
}
FULL_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
ODD = {"hidden_size": 51, "intermediate_size": 77, "num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 10}
MODELS = {
    "llama, odd sizes": llama(vocab_size=333, **ODD),
    "llama, biases": llama(attention_bias=True, mlp_bias=True),
    "qwen2, tied": qwen2(tie_word_embeddings=True),
    "gpt2, Conv1D": gpt2(),
    "gpt_neox": gpt_neox(),
    "gemma2": gemma2(),
    "granite": granite(),
    "mixtral, merged experts": MixtralConfig(**{**llama().to_dict(), "model_type": "mixtral", "num_local_experts": 3}),
}


@dataclass(frozen=True)
class Left:
    """What a load left behind: every tensor by name, and everything else that tells how it is computed with."""

    tensors: dict[str, torch.Tensor]
    settings: dict[str, object]


def read(folder: Path, variant: str) -> Any:
    """As the engine does, before the first forward pass, which packs weights anew."""
    blueprint = draw_blueprint(open_checkpoint(str(folder)))
    request = load_request(folder, variant)
    work = read_weights(blueprint, plan_request(request, blueprint), {"": "cpu"}, threading.Event(), "loading")
    return finish(work).model


def plain(folder: Path, dtype: torch.dtype, options: dict[str, Any] | None) -> Any:
    config = {} if options is None else {"quantization_config": BitsAndBytesConfig(**options)}
    model: Any = AutoModelForCausalLM.from_pretrained(str(folder), dtype=dtype, **config)
    return model


def left_by(model: Any) -> Left:
    tensors, settings = {}, {}
    for name, module in model.named_modules():
        settings[name] = (type(module), module.training, getattr(module, "compute_dtype", None))
        settings[f"{name}.state"] = getattr(getattr(module, "state", None), "threshold", None)
    for name, tensor in [*model.named_parameters(remove_duplicate=False), *model.named_buffers(remove_duplicate=False)]:
        tensors[name] = tensor.data
        tensors |= {f"{name}.{key}": value for key, value in hung_on(tensor)}
        state = getattr(tensor, "quant_state", None)
        settings[f"{name}.quant_state"] = state and (state.shape, state.dtype, state.blocksize, state.quant_type)
    return Left(tensors, settings)


def hung_on(holder: object) -> Iterator[tuple[str, torch.Tensor]]:
    """Tensors among the attributes of a parameter, and of its quantization state, however deep."""
    for key, value in vars(holder).items():
        if isinstance(value, torch.Tensor):
            yield key, value
        elif key in ("quant_state", "state2") and value is not None:
            yield from ((f"{key}.{inner}", tensor) for inner, tensor in hung_on(value))


def assert_same(ours: Left, theirs: Left) -> None:
    assert list(ours.tensors) == list(theirs.tensors)
    assert ours.settings == theirs.settings
    for name, tensor in ours.tensors.items():
        other = theirs.tensors[name]
        assert (tensor.dtype, tensor.shape, tensor.stride()) == (other.dtype, other.shape, other.stride()), name
        assert torch.equal(_bits(tensor), _bits(other)), name


def _bits(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.contiguous().reshape(-1).view(torch.uint8)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {name: save_model(tmp_path_factory.mktemp("model"), config) for name, config in MODELS.items()}
    return {**made, "demo": DEMO}


QUICK = [
    *[("llama, odd sizes", variant) for variant in VARIANTS],
    *[(name, variant) for name in [*MODELS][1:] for variant in ("int8", "nf4+dq")],
    ("demo", "bf16"),
    ("demo", "fp4+dq"),
]
ALL = [(name, variant) for name in ["demo", *MODELS] for variant in VARIANTS]


def assert_as_from_pretrained(folder: Path, variant: str) -> None:
    dtype = FULL_DTYPES.get(variant, torch.bfloat16)
    theirs = left_by(plain(folder, dtype, VARIANTS[variant]))
    assert_same(left_by(read(folder, variant)), theirs)
    if VARIANTS[variant] is not None:
        assert any(".quant_state.absmax" in key or key.endswith(".SCB") for key in theirs.tensors)


@pytest.mark.parametrize(("name", "variant"), QUICK)
def test_every_bit_is_that_of_from_pretrained(folders: dict[str, Path], name: str, variant: str) -> None:
    assert_as_from_pretrained(folders[name], variant)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "variant"), [pair for pair in ALL if pair not in QUICK])
def test_every_bit_of_every_model_as_every_variant(folders: dict[str, Path], name: str, variant: str) -> None:
    assert_as_from_pretrained(folders[name], variant)


@pytest.mark.parametrize(
    ("variant", "options"),
    [
        ("nf4+skip=model.layers.0", {**NF4, "llm_int8_skip_modules": ["lm_head", "model.layers.0"]}),
        ("int8+skip=model.layers.1.mlp", {**INT8, "llm_int8_skip_modules": ["lm_head", "model.layers.1.mlp"]}),
        ("nf4+head", {**NF4, "llm_int8_skip_modules": []}),
        ("int8+head", {**INT8, "llm_int8_skip_modules": []}),
    ],
)
def test_skipped_modules_and_a_quantized_head_too(
    folders: dict[str, Path], variant: str, options: dict[str, Any]
) -> None:
    folder = folders["llama, odd sizes"]
    assert_same(left_by(read(folder, variant)), left_by(plain(folder, torch.bfloat16, options)))


@pytest.mark.parametrize("variant", ["int8", "nf4+dq", "fp4+compute=fp32"])
def test_a_checkpoint_that_was_saved_quantized_too(folders: dict[str, Path], tmp_path: Path, variant: str) -> None:
    save_quantized(folders["llama, biases"], tmp_path, variant)
    assert_same(left_by(read(tmp_path, variant)), left_by(plain(tmp_path, torch.bfloat16, None)))


def test_a_comparison_of_two_models_can_fail(folders: dict[str, Path]) -> None:
    ours, theirs = (left_by(plain(folders["llama, biases"], torch.bfloat16, NF4)) for _ in range(2))
    name = next(name for name in ours.tensors if name.endswith("absmax"))
    ours.tensors[name].view(-1)[3] += 2**-20
    with pytest.raises(AssertionError, match="absmax"):
        assert_same(ours, theirs)
