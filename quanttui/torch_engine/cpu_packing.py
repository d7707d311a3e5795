"""4-bit weights in the order that bitsandbytes' AVX512-BF16 kernel reads them in, bit for bit and before it asks.

bitsandbytes does this at each layer's first forward pass, by way of the weight as int32, in about the time that
quantizing takes: ``_convert_weight_packed_for_cpu`` in
https://github.com/bitsandbytes-foundation/bitsandbytes/blob/main/bitsandbytes/functional.py
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

import bitsandbytes.functional as bnb_functional
import numpy as np
import torch
from bitsandbytes.nn.modules import Linear4bit
from torch import nn

ROWS = 32
"""Of a block, in which row r and row r + 16 share their bytes."""


def pack_4bit_weights(model: nn.Module) -> None:
    """Every 4-bit layer on a CPU that would be packed at its first forward pass. Where bitsandbytes' way of packing is
    not the one known here, nothing is done: it does it itself then."""
    layers: list[Any] = [layer for layer in model.modules() if isinstance(layer, Linear4bit) and _is_to_pack(layer)]
    if layers and packs_as_bitsandbytes():
        for layer in layers:
            layer.weight.data = packed(layer.weight.data, layer.weight.quant_state)


def _is_to_pack(layer: Any) -> bool:
    state = layer.weight.quant_state
    return (
        layer.weight.device.type == "cpu"
        and layer.weight.dtype is torch.uint8
        and getattr(layer, "support_avx512bf16_for_cpu", False)
        and state is not None
        and not getattr(state, "packing_format_for_cpu", False)
    )


def packed(codes: torch.Tensor, state: Any) -> torch.Tensor:
    """``codes``, two a byte, in their new order: [rows, columns // 2]. ``state`` is changed to go with it."""
    rows, columns = state.shape
    state.original_dtype, state.original_nested, state.original_qshape = state.dtype, state.nested, codes.shape
    if state.nested:
        state.absmax = bnb_functional.dequantize_blockwise(state.absmax, state.state2) + state.offset
        state.nested = False
        del state.state2
    maxima = state.absmax.float().reshape(rows, columns // state.blocksize)
    state.absmax = maxima.T.to(torch.bfloat16).contiguous()
    state.dtype = torch.bfloat16
    state.packing_format_for_cpu = True
    return _reordered(codes, rows, columns)


def _reordered(codes: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """A byte held two neighbours of a row; now one column's values of two rows. Column by column, block by block."""
    blocks = codes.reshape(rows // ROWS, 2, ROWS // 2, columns // 2).numpy()
    out = np.empty((rows // ROWS, columns // 2, ROWS // 2), dtype="<u2")
    for block, (low, high) in zip(out, blocks, strict=True):
        first = (high & 0xF0) | (low >> 4)
        second = (high << 4) | (low & 0x0F)
        block[...] = (first | second.astype("<u2") << 8).T
    return torch.from_numpy(out.view(np.uint8).reshape(rows, columns // 2))


@cache
def packs_as_bitsandbytes() -> bool:
    """Whether the installed bitsandbytes packs as this file does, seen on a small weight."""
    weight = torch.linspace(-1, 1, 2 * ROWS * 192).sin().reshape(2 * ROWS, 192)
    codes, theirs = bnb_functional.quantize_4bit(weight, quant_type="nf4", compress_statistics=True)
    ours = deepcopy(theirs)
    try:
        expected, theirs = bnb_functional._convert_weight_packed_for_cpu(codes, theirs)
        found = packed(codes, ours)
    except (AttributeError, RuntimeError, TypeError, ValueError):  # another version of it has other names and shapes
        return False
    return torch.equal(expected, found) and torch.equal(theirs.absmax, ours.absmax)
