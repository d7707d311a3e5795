"""Safetensors files of zeros, written by hand."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any

Tensors = Mapping[str, tuple[str, list[int]]]

SMALL_MODEL: Tensors = {
    "model.embed_tokens.weight": ("BF16", [32, 8]),
    "model.layers.0.weight": ("BF16", [8, 8]),
    "model.norm.weight": ("F32", [8]),
}
_BITS = {"BF16": 16, "F16": 16, "F32": 32, "F64": 64, "U8": 8, "I8": 8, "F8_E4M3": 8, "I32": 32}


def safetensors_bytes(tensors: Tensors) -> bytes:
    """A file of zeros that holds ``tensors`` (dtype and shape by name)."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, (dtype, shape) in tensors.items():
        size = _BITS[dtype] // 8 * math.prod(shape)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    raw = json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + bytes(end)
