"""What only a CUDA device can show. ``python -m pytest -m gpu``"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from driving import DEMO, LoadModel, generate, load, load_request
from test_stored_quantized import save_quantized
from test_token_identity import DEMO_CASES, DEMO_PROMPTS
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from quanttui.hardware.nvml import NvmlReader
from quanttui.records import EstimateRequest
from quanttui.torch_engine.engine import TorchEngine

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine"),
]
MIB = 2**20


def plain_generate_on_gpu(dtype: torch.dtype, options: dict[str, object] | None) -> list[list[int]]:
    config = BitsAndBytesConfig(**options) if options else None
    model = AutoModelForCausalLM.from_pretrained(DEMO, dtype=dtype, quantization_config=config, device_map={"": 0})
    tokenizer = AutoTokenizer.from_pretrained(DEMO)
    outputs = []
    for prompt in DEMO_PROMPTS:
        inputs = tokenizer(prompt, return_tensors="pt").to("cuda:0")
        ids = model.generate(**inputs, max_new_tokens=40, do_sample=False, repetition_penalty=1.0)[0]
        outputs.append(ids[inputs.input_ids.shape[1] :].tolist())
    return outputs


@pytest.mark.parametrize(("variant", "reference", "dtype", "options"), DEMO_CASES, ids=lambda value: str(value)[:24])
def test_every_variant_generates_on_the_gpu_what_a_plain_script_does(
    load_model: LoadModel, variant: str, reference: str, dtype: torch.dtype, options: dict[str, object] | None
) -> None:
    model = load_model(DEMO, variant, reference)
    assert model.report.device.startswith("cuda")
    ours = [list(generate(model, prompt).token_ids) for prompt in DEMO_PROMPTS]
    assert ours == plain_generate_on_gpu(dtype, options)


@pytest.mark.parametrize("variant", ["bf16", "int8", "nf4", "nf4+dq", "fp4"])
def test_the_device_is_back_after_cycles_of_load_and_unload(torch_engine: TorchEngine, variant: str) -> None:
    generate(model := load(torch_engine, DEMO, variant), "Once upon a time")
    model.unload()
    free_before, _ = torch.cuda.mem_get_info()
    for _ in range(5):
        generate(model := load(torch_engine, DEMO, variant), "Once upon a time")
        model.unload()
    free_after, _ = torch.cuda.mem_get_info()
    assert free_before - free_after < 64 * MIB


@pytest.mark.parametrize(("kind", "variant"), [("int8", "int8"), ("nf4+dq", "nf4+dq"), ("nf4", "bf16")])
def test_a_checkpoint_saved_quantized_loads_on_the_gpu(
    load_model: LoadModel, small_llama: Path, tmp_path: Path, kind: str, variant: str
) -> None:
    folder = save_quantized(small_llama, tmp_path, kind)
    model = load_model(folder, variant)
    assert {parameter.device.type for parameter in model.model.parameters()} == {"cuda"}
    assert generate(model, "once upon").token_ids


def test_a_model_larger_than_the_gpus_free_memory_is_offloaded_and_says_so(
    load_model: LoadModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """accelerate reads the free memory itself: it is told of 10 MB by the environment that it asks."""
    import accelerate.utils.modeling as accelerate

    monkeypatch.setattr("quanttui.torch_engine.loading.free_gpu_bytes", lambda _: 10_000_000)
    monkeypatch.setattr(accelerate, "get_max_memory", lambda *_, **__: {0: 10_000_000, "cpu": 10**9})
    whole = load_model(DEMO, "bf16")
    assert whole.report.device_map
    assert any("waits for" in note for note in whole.report.notes)
    assert generate(whole, "Once upon a time").token_ids


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")
def test_a_model_over_two_gpus_scores_as_on_one(
    torch_engine: TorchEngine, load_model: LoadModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = generate(load_model(DEMO, "bf16"), "Once upon a time").token_ids
    monkeypatch.setattr("quanttui.torch_engine.loading.free_gpu_bytes", lambda _: 0)
    spread = load_model(DEMO, "bf16")
    assert len(spread.report.device_map) == 2
    assert generate(spread, "Once upon a time").token_ids == whole


@pytest.mark.parametrize("variant", ["bf16", "fp32", "int8", "nf4", "nf4+dq", "nf4+head", "int8+head"])
def test_weights_are_foretold_to_the_byte_and_the_peak_to_a_tenth(torch_engine: TorchEngine, variant: str) -> None:
    predicted = torch_engine.estimate(EstimateRequest(load_request(DEMO, variant), 128))
    assert predicted.device.startswith("cuda")
    model = load(torch_engine, DEMO, variant)
    generate(model, "Once upon a time", max_new_tokens=100)
    measured = model.unload().peak_bytes
    assert predicted.weights_bytes == model.report.parameter_bytes
    assert measured is not None
    assert abs(measured - predicted.peak_bytes) < 0.1 * predicted.peak_bytes + 64 * MIB  # cuBLAS' own workspace


def test_nvml_sees_the_device_that_torch_uses() -> None:
    reader = NvmlReader()
    try:
        readings = reader.read(os.getpid())
    finally:
        reader.close()
    uuid = str(torch.cuda.get_device_properties(0).uuid)
    (reading,) = [reading for reading in readings if uuid in reading.uuid]
    total = torch.cuda.get_device_properties(0).total_memory
    assert reading.total_bytes is not None
    assert abs(reading.total_bytes - total) / total < 0.05
