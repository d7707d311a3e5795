"""What a table of tensors amounts to: parameters, floating type, quantization. Pure: reads no file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from quanttui.models.safetensors_header import TensorInfo
from quanttui.prequantized import is_quantization_state, quantization_settings, quantized_by, stored_variant
from quanttui.records import Precision

Tensors = Mapping[str, TensorInfo]

_PRECISIONS = {"F32": Precision.FP32, "BF16": Precision.BF16, "F16": Precision.FP16}
_OTHER_FLOATS = ("F64", "F8_E4M3", "F8_E5M2")
_PACKED_4BIT = re.compile(r"^(.+)\.quant_state\.bitsandbytes__(nf4|fp4)$")
_BUFFERS = ("inv_freq", "masked_bias")


def dominant_dtype(tensors: Tensors, *, quantized: bool) -> Precision | None:
    """The floating type that most parameters have; None where that is none of fp32, bf16 and fp16."""
    elements: Counter[str] = Counter()
    for info in _without_state(tensors, quantized).values():
        elements[info.dtype] += info.elements
    floats = {dtype: count for dtype, count in elements.items() if dtype in (*_PRECISIONS, *_OTHER_FLOATS)}
    return _PRECISIONS.get(max(floats, key=lambda dtype: floats[dtype])) if floats else None


def count_parameters(tensors: Tensors, prequantized: str | None, *, tied: bool) -> int | None:
    """Parameters, unpacked, a tied head once, buffers left out; None where another library's packing hides it."""
    if not tensors or (prequantized is not None and prequantized.partition("+")[0] not in tuple(Precision)):
        return None
    packed = {match[1] for name in tensors if (match := _PACKED_4BIT.match(name))} if prequantized else set()
    return sum(
        info.elements * (2 if name in packed else 1)
        for name, info in _without_state(tensors, prequantized is not None).items()
        if not _is_buffer(name, info) and not (tied and name == "lm_head.weight")
    )


def _without_state(tensors: Tensors, quantized: bool) -> Tensors:
    if not quantized:
        return tensors
    return {name: info for name, info in tensors.items() if not is_quantization_state(name)}


def prequantization(config: Mapping[str, Any], dtype: Precision | None) -> str | None:
    """The quantization that a checkpoint was saved with: a variant's spelling, or another library's name."""
    settings = quantization_settings(config)
    if settings is None:
        return None
    variant = stored_variant(settings, dtype)
    return quantized_by(settings) if variant is None else variant.spelling


def _is_buffer(name: str, info: TensorInfo) -> bool:
    """Rotary frequencies, and the causal masks that old GPT-2 and GPT-NeoX files carry as 4-dimensional biases."""
    return name.endswith(_BUFFERS) or (name.endswith("bias") and info.dimensions == 4)
