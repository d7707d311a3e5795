"""What only a CUDA device can show. ``python -m pytest -m gpu``"""

from __future__ import annotations

import os

import pytest
import torch
from driving import DEMO, LoadModel, generate, load
from test_token_identity import DEMO_CASES, DEMO_PROMPTS
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from quanttui.hardware.nvml import NvmlReader
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
