"""Drives the torch engine's generators to their end, and the plain script that it is held against."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import torch
from bitsandbytes.nn import Linear4bit
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from quanttui.records import GenerateRequest, GenerationSettings, LoadRequest, Output, Precision
from quanttui.torch_engine.engine import TorchEngine
from quanttui.torch_engine.loaded import TorchModel
from quanttui.variants import parse_variant

LoadModel = Callable[..., TorchModel]

DEMO = Path(__file__).parents[2] / "quanttui" / "models" / "demo" / "model"


def finish(work: Generator[Any, None, Any]) -> Any:
    """The generator's return value; what it yields is dropped."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value


def events_and_result(work: Generator[Any, None, Any]) -> tuple[list[Any], Any]:
    events = []
    while True:
        try:
            events.append(next(work))
        except StopIteration as stop:
            return events, stop.value


def load_request(path: Path, variant: str, reference: str = "bf16") -> LoadRequest:
    return LoadRequest("model", str(path), parse_variant(variant), Precision(reference))


def load(engine: TorchEngine, path: Path, variant: str, reference: str = "bf16") -> TorchModel:
    model: TorchModel = finish(engine.load(load_request(path, variant, reference)))
    return model


def generate(model: TorchModel, prompt: str, *, forced: tuple[int, ...] = (), **settings: Any) -> Output:
    request = GenerateRequest(prompt, GenerationSettings(**{"max_new_tokens": 40, **settings}), forced_token_ids=forced)
    output: Output = finish(model.generate(request))
    return output


def plain_generate(
    path: Path,
    prompts: list[str],
    dtype: torch.dtype,
    quantization: dict[str, Any] | None,
    *,
    max_new_tokens: int = 40,
    unpacked: bool = False,
    **generation: Any,
) -> list[list[int]]:
    """What a script of transformers and bitsandbytes alone makes of ``prompts``; imports nothing of the engine's.

    ``unpacked``: take 4-bit layers by the path that bears any shape.
    """
    config = BitsAndBytesConfig(**quantization) if quantization else None
    model = AutoModelForCausalLM.from_pretrained(path, dtype=dtype, quantization_config=config)
    if unpacked:
        for module in model.modules():
            if isinstance(module, Linear4bit):
                module.support_avx512bf16_for_cpu = False
    tokenizer = AutoTokenizer.from_pretrained(path)
    outputs = []
    for prompt in prompts:
        inputs = tokenizer(prompt, return_tensors="pt")
        settings = {"do_sample": False, "repetition_penalty": 1.0, **generation}
        tokens = model.generate(**inputs, max_new_tokens=max_new_tokens, **settings)
        outputs.append(tokens[0, inputs.input_ids.shape[1] :].tolist())
    return outputs
