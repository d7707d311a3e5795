"""What bitsandbytes' quantizing functions do on a CPU, bit for bit, about 15 times as fast. Knows tensors, no model.

bitsandbytes quantizes on a CPU by torch operations over a whole weight, each of which makes a tensor of its size:
https://github.com/bitsandbytes-foundation/bitsandbytes/blob/main/bitsandbytes/backends/default/ops.py
Blocks (4-bit) and rows (int8) are independent of one another, so a piece that stays in the processor's cache at a time
gives the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import torch
from bitsandbytes.functional import get_4bit_type
from numpy.typing import NDArray
from torch import library as operators

PIECE = 65_536
"""Values at a time: 256 KiB of fp32, which a core's second cache holds, and enough to outweigh the calls."""
_LEAST_MAXIMUM = 1e-38
_CODES = 16
_INT8_MOST = 127.0

Bytes = NDArray[np.uint8]


@contextmanager
def fast_quantizing() -> Iterator[None]:
    """While it is entered, bitsandbytes' operations that quantize a weight on a CPU are those of this file, unless the
    installed bitsandbytes would give other bits.

    For loads alone: a forward pass of int8 quantizes its activations by the same operation, with a threshold.
    """
    if quantizes_as_bitsandbytes():
        with _replaced():
            yield
    else:
        yield


@cache
def quantizes_as_bitsandbytes() -> bool:
    """Whether the installed bitsandbytes quantizes as this file does, seen on a small weight."""
    try:
        theirs = _small_weight_quantized()
        with _replaced():
            ours = _small_weight_quantized()
    except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError):  # it has other operations
        return False
    return all(torch.equal(left, right) for left, right in zip(theirs, ours, strict=True))


def _small_weight_quantized() -> list[torch.Tensor]:
    """By the operations of bitsandbytes that are in force."""
    operations = torch.ops.bitsandbytes
    weight = torch.linspace(-1, 1, 3 * 67).sin().reshape(3, 67)  # three whole blocks, and an odd one that is cut short
    parts = [operations.quantize_4bit.default(weight, 64, kind, torch.uint8) for kind in ("nf4", "fp4")]
    return [*parts[0], *parts[1], *operations.int8_vectorwise_quant.default(weight.half(), 0.0)[:2]]


@contextmanager
def _replaced() -> Iterator[None]:
    with operators._scoped_library("bitsandbytes", "IMPL") as ours:
        ours.impl("quantize_4bit", quantize_4bit, "CPU")
        ours.impl("int8_vectorwise_quant", int8_vectorwise_quant, "CPU")
        yield


def quantize_4bit(
    A: torch.Tensor, blocksize: int, quant_type: str, quant_storage: torch.dtype
) -> tuple[torch.Tensor, torch.Tensor]:
    """Packed codes, [bytes, 1], and the largest magnitude of each block, fp32 [blocks]. Not finite in, not finite out:
    a NaN has the highest code, and its block's maximum tells."""
    flat = A.reshape(-1)
    count = flat.numel()
    whole = count - count % blocksize
    packed = torch.empty(-(-count // 2), dtype=torch.uint8)
    maxima = torch.empty(-(-count // blocksize), dtype=torch.float32)
    table = _Table.of(quant_type, packed.numpy())
    step = max(1, PIECE // blocksize) * blocksize
    scratch = _Scratch(min(step, count + count % 2), blocksize)
    with np.errstate(invalid="ignore"):
        for start in range(0, whole, step):
            part = flat[start : min(start + step, whole)]
            table.write(scratch.scaled(part, maxima[start // blocksize :]), start, scratch)
        if whole < count:
            table.write(_last_block(flat[whole:], maxima), whole, scratch)
    return packed.view(quant_storage).unsqueeze(1), maxima


def int8_vectorwise_quant(
    A: torch.Tensor, threshold: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Codes, [rows, columns], and the largest magnitude of each row, fp32 [rows]."""
    if threshold > 0.0:
        raise NotImplementedError("a weight is quantized without a threshold")
    rows, columns = A.shape
    codes = torch.empty(A.shape, dtype=torch.int8)
    maxima = torch.empty(rows, dtype=torch.float32)
    step = max(1, PIECE // max(1, columns))
    scratch = torch.empty(min(step, rows), columns)
    for start in range(0, rows, step):
        part = slice(start, min(start + step, rows))
        values = scratch[: part.stop - start].copy_(A[part])
        torch.amax(values.abs(), dim=1, out=maxima[part])
        codes[part] = values.mul_(_INT8_MOST / maxima[part].unsqueeze(-1)).round_()
    return codes, maxima, None


class _Scratch:
    """Memory for one piece, used again for each."""

    def __init__(self, size: int, blocksize: int) -> None:
        self._blocksize = blocksize
        self._values = torch.empty(size)
        self._magnitudes = torch.empty(size)
        self.is_below = np.empty(size, dtype=np.bool_)
        self.codes = np.empty(size, dtype=np.uint8)
        self.upper = np.empty(size // 2, dtype="<u2")
        self.lower = np.empty(size // 2, dtype="<u2")

    def scaled(self, part: torch.Tensor, maxima: torch.Tensor) -> NDArray[np.float32]:
        """``part``, whole blocks, each by its largest magnitude, which is written to the front of ``maxima``."""
        values = self._values[: part.numel()].copy_(part).view(-1, self._blocksize)
        magnitudes = torch.abs(values, out=self._magnitudes[: part.numel()].view_as(values))
        largest = torch.amax(magnitudes, dim=1, out=maxima[: len(values)])
        scaled = values.mul_(1.0 / largest.clamp(min=_LEAST_MAXIMUM).view(-1, 1))
        return np.asarray(scaled.view(-1).numpy(), dtype=np.float32)


def _last_block(part: torch.Tensor, maxima: torch.Tensor) -> NDArray[np.float32]:
    """A block that is cut short: bitsandbytes divides here, and fills an odd one up with a zero."""
    values = part.float()
    maxima[-1] = values.abs().max().clamp(min=_LEAST_MAXIMUM)
    scaled = values / maxima[-1]
    return np.asarray(torch.nn.functional.pad(scaled, (0, len(scaled) % 2)).numpy(), dtype=np.float32)


@dataclass(frozen=True)
class _Table:
    """``bounds`` between neighbouring values, ascending; ``flips``: from the code above a bound to the one below it;
    ``is_ordered``: codes ascend as their values do. ``packed``: where codes are written.

    A value has the highest code, flipped once for each bound that it does not exceed: 15 comparisons of all values are
    ten times as fast as a search for each.
    """

    packed: Bytes
    highest: int
    bounds: list[np.float32]
    flips: list[np.uint8]
    is_ordered: bool

    @classmethod
    def of(cls, quant_type: str, packed: Bytes) -> _Table:
        values = get_4bit_type(quant_type, device="cpu")
        order = torch.argsort(values)
        bounds = (values[order[:-1]] + values[order[1:]]) / 2
        codes = order.tolist()
        flips = [np.uint8(above ^ below) for below, above in pairwise(codes)]
        return cls(packed, codes[-1], [*bounds.numpy()], flips, codes == list(range(_CODES)))

    def write(self, values: NDArray[np.float32], start: int, scratch: _Scratch) -> None:
        """Two codes a byte, the first in its upper half. ``values`` is as long as it is even, from ``start`` on."""
        is_below, codes = scratch.is_below[: len(values)], scratch.codes[: len(values)]
        below = is_below.view(np.uint8)
        codes.fill(self.highest)
        for bound, flip in zip(self.bounds, self.flips, strict=True):
            np.less_equal(values, bound, out=is_below)
            if self.is_ordered:
                np.subtract(codes, below, out=codes)
            else:
                np.multiply(below, flip, out=below)
                np.bitwise_xor(codes, below, out=codes)
        pairs = codes.view("<u2")
        upper, lower = scratch.upper[: len(pairs)], scratch.lower[: len(pairs)]
        np.left_shift(pairs, 4, out=upper)
        np.bitwise_or(upper, np.right_shift(pairs, 8, out=lower), out=upper)
        np.copyto(self.packed[start // 2 : start // 2 + len(pairs)], upper, casting="unsafe")
