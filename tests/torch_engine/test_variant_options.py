"""A variant as bitsandbytes' options, all set and told; what stays unquantized; layers of widths that do not pack."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from bitsandbytes.functional import dequantize_4bit
from bitsandbytes.nn import Linear4bit, Linear8bitLt
from driving import LoadModel, generate
from small_models import gpt2, llama, qwen2, save_model
from transformers import AutoModelForCausalLM

from quanttui.records import Precision
from quanttui.torch_engine.quantize import plan_load
from quanttui.variants import parse_variant


def test_every_option_is_set_and_reported(load_model: LoadModel, small_llama: Path) -> None:
    options = load_model(small_llama, "fp4+dq+compute=fp16").report.options
    assert options == {
        "dtype": "bfloat16",
        "load_in_8bit": False,
        "load_in_4bit": True,
        "llm_int8_threshold": 6.0,
        "llm_int8_skip_modules": ["lm_head"],
        "llm_int8_enable_fp32_cpu_offload": False,
        "llm_int8_has_fp16_weight": False,
        "bnb_4bit_compute_dtype": "float16",
        "bnb_4bit_quant_type": "fp4",
        "bnb_4bit_use_double_quant": True,
        "bnb_4bit_quant_storage": "uint8",
    }


@pytest.mark.parametrize("reference", [Precision.FP32, Precision.BF16, Precision.FP16])
def test_a_candidate_takes_the_references_dtype_and_computes_in_it(reference: Precision) -> None:
    names = {Precision.FP32: "float32", Precision.BF16: "bfloat16", Precision.FP16: "float16"}
    options = plan_load(parse_variant("nf4"), reference, []).reported_options()
    assert options["dtype"] == options["bnb_4bit_compute_dtype"] == names[reference]


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_an_unquantized_variant_is_its_own_dtype(load_model: LoadModel, small_llama: Path, precision: str) -> None:
    model = load_model(small_llama, precision, "bf16")
    dtypes = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
    assert {parameter.dtype for parameter in model.model.parameters()} == {dtypes[precision]}


def quantized_names(model: object) -> set[str]:
    return {n for n, m in model.named_modules() if isinstance(m, (Linear4bit, Linear8bitLt))}


@pytest.mark.parametrize("variant", ["int8", "nf4"])
def test_skip_names_are_added_to_what_stays_unquantized_anyway(
    load_model: LoadModel, small_llama: Path, variant: str
) -> None:
    plain = quantized_names(load_model(small_llama, variant).model)
    model = load_model(small_llama, f"{variant}+skip=model.layers.0:model.layers.1.mlp.down_proj")
    kept = plain - quantized_names(model.model)
    assert kept == {n for n in plain if n.startswith("model.layers.0.") or n == "model.layers.1.mlp.down_proj"}
    assert "lm_head" not in plain


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("variant", ["int8+head", "nf4+head"])
def test_head_quantizes_the_output_head_and_leaves_the_embedding(
    load_model: LoadModel, tmp_path: Path, variant: str, tied: bool
) -> None:
    model = load_model(save_model(tmp_path, llama(tie_word_embeddings=tied)), variant)
    assert "lm_head" in quantized_names(model.model)
    assert model.model.get_input_embeddings().weight.dtype is torch.bfloat16
    assert any("copy" in note for note in model.report.notes) is tied


def test_conv1d_models_are_quantized_too(load_model: LoadModel, tmp_path: Path) -> None:
    model = load_model(save_model(tmp_path, gpt2()), "nf4")
    assert len(quantized_names(model.model)) == 8


def test_layers_that_the_packed_path_refuses_run_with_true_4bit_numerics(load_model: LoadModel, tmp_path: Path) -> None:
    """Against a plain model that holds the dequantized weights, in fp32 where nothing is rounded between."""
    folder = save_model(tmp_path, qwen2())
    model = load_model(folder, "nf4", "fp32")
    plain = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    for name, layer in model.model.named_modules():
        if isinstance(layer, Linear4bit):
            plain.get_submodule(name).weight.data = dequantize_4bit(layer.weight.data, layer.weight.quant_state)
    ids = torch.tensor([[0, 5, 99, 7, 200]])
    with torch.no_grad():
        torch.testing.assert_close(model.model(ids).logits, plain(ids).logits, rtol=1e-4, atol=1e-4)
    if torch.backends.cpu.get_cpu_capability() == "AVX512" and model.report.notes:
        assert "14 of 14 4-bit layers run by the slower unpacked path" in model.report.notes[0]


def test_the_stories_width_of_172_runs_in_every_4bit_variant(load_model: LoadModel, tmp_path: Path) -> None:
    folder = save_model(tmp_path, llama(intermediate_size=172))
    for variant in ("nf4", "fp4", "nf4+dq", "nf4+head"):
        assert len(generate(load_model(folder, variant), "once", max_new_tokens=5).token_ids) == 5
