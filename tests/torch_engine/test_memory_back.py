"""What a load takes and gives back: parameter bytes against a sum by hand, resident memory over cycles."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import weakref
from pathlib import Path

import pytest
import torch
from bitsandbytes.nn import Int8Params, Params4bit
from driving import generate, load, load_request
from small_models import gpt2, llama, qwen2, save_model
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

from quanttui.errors import LoadError
from quanttui.torch_engine.engine import TorchEngine

BF16 = torch.bfloat16
QUANTIZATIONS = {
    "bf16": None,
    "int8": {"load_in_8bit": True},
    "nf4": {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": BF16},
    "nf4+dq": {
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_compute_dtype": BF16,
        "bnb_4bit_use_double_quant": True,
    },
}


EVERY_VARIANT = ("fp32", "fp16", "bf16", "int8", "nf4", "fp4", "nf4+dq", "fp4+dq", "int8+head", "nf4+head")
MIB = 2**20


def bytes_by_hand(folder: Path, variant: str) -> int:
    """Parameter by parameter, as bitsandbytes documents its state; tied weights come once out of ``parameters()``."""
    options = QUANTIZATIONS[variant]
    config = BitsAndBytesConfig(**options) if options else None
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=BF16, quantization_config=config)
    total = 0
    for parameter in model.parameters():
        total += parameter.numel() * parameter.element_size()
        if isinstance(parameter, Int8Params):
            total += parameter.SCB.numel() * 4
        if isinstance(parameter, Params4bit):
            state = parameter.quant_state
            total += state.absmax.numel() * state.absmax.element_size() + state.code.numel() * 4
            if state.nested:
                total += state.state2.absmax.numel() * 4 + state.state2.code.numel() * 4 + 4
    return total


@pytest.mark.parametrize("variant", QUANTIZATIONS)
def test_parameter_bytes_are_every_byte_quantization_state_included(
    torch_engine: TorchEngine, tmp_path: Path, variant: str
) -> None:
    configs = (llama(), llama(tie_word_embeddings=True), gpt2(), qwen2())
    for index, config in enumerate(configs):
        folder = save_model(tmp_path / str(index), config)
        report = load(torch_engine, folder, variant).report
        torch_engine.close()
        assert report.parameter_bytes == bytes_by_hand(folder, variant)


def test_the_parameter_count_is_unpacked_and_the_same_for_every_variant(
    torch_engine: TorchEngine, small_llama: Path
) -> None:
    plain = AutoModelForCausalLM.from_pretrained(small_llama)
    for variant in ("bf16", "nf4"):
        identity = load(torch_engine, small_llama, variant).report.model
        torch_engine.close()
        assert identity.parameter_count == sum(parameter.numel() for parameter in plain.parameters())
        assert identity.vocab_size == 320


def test_memory_is_back_after_each_cycle_and_stays_flat() -> None:
    """In a process of its own: the pages of another test's libraries and threads would come and go in the figures."""
    cycles = load_cycles(12)
    for cycle in cycles[4:]:  # the first of each kind brings code and buffers of its own
        assert cycle["residual_bytes"] < 4 * 2**20
        assert cycle["peak_bytes"] >= 0.9 * cycle["parameter_bytes"]
    levels = [cycle["resident_bytes"] for cycle in cycles]
    assert min(levels[8:]) - min(levels[4:8]) < 6 * 2**20  # one bf16 model that stays would be 14 MiB


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("variant", EVERY_VARIANT)
def test_the_host_is_back_after_25_cycles_of_every_variant(variant: str) -> None:
    """Against the level after the second cycle: the first brings code and buffers that stay for good."""
    levels = [cycle["resident_bytes"] for cycle in load_cycles(27, variant)]
    grown = max(levels[2:]) - levels[1]
    print(f"{variant}: at most {grown / MIB:+.1f} MiB over 25 cycles, {(levels[-1] - levels[1]) / MIB:+.1f} at the end")
    assert grown < 64 * MIB


def load_cycles(count: int, *variants: str) -> list[dict[str, int]]:
    script = Path(__file__).with_name("load_cycles.py")
    finished = subprocess.run(
        [sys.executable, script, str(count), *variants],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert finished.returncode == 0, finished.stderr
    cycles: list[dict[str, int]] = json.loads(finished.stdout)
    return cycles


def test_nothing_of_a_model_outlives_its_unload(torch_engine: TorchEngine, small_llama: Path) -> None:
    for variant in ("bf16", "int8", "nf4"):
        model = load(torch_engine, small_llama, variant)
        watched = weakref.ref(model.model.model.layers[0].mlp.up_proj)
        generate(model, "once", max_new_tokens=2)
        model.unload()
        assert watched() is None


def test_a_failed_load_leaves_no_weights_even_while_its_error_is_kept(
    torch_engine: TorchEngine, small_llama: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    folder = save_model(tmp_path, llama())
    tensors = load_file(folder / "model.safetensors")
    tensors.pop("model.norm.weight")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    before = count_parameters()
    with pytest.raises(LoadError) as kept:
        list(torch_engine.load(load_request(folder, "nf4")))
    assert kept.value.message
    assert count_parameters() == before


def count_parameters() -> int:
    """Those that hold memory: what is known of the model's shape is kept, on the meta device."""
    gc.collect()
    kinds = (torch.nn.Parameter, Params4bit, Int8Params)
    return sum(type(thing) in kinds and not thing.is_meta for thing in gc.get_objects())
