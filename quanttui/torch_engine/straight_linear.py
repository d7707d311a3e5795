"""A linear layer called without what bitsandbytes puts around its kernels: the same kernels on the same tensors, so
the same bits. Whoever uses it tries whether they are; what is out of the ordinary goes by the layer's own ``forward``.

A layer's state is looked up at every call: saving a model unpacks it, and its next pass packs it anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from bitsandbytes import functional
from bitsandbytes.nn.modules import Linear4bit, Linear8bitLt
from torch import Tensor

Call = Callable[[Tensor], Tensor]


def straight_call(module: Any) -> Call:
    forward: Call = module.forward
    if module.bias is not None:
        return forward
    if isinstance(module, Linear8bitLt):
        return _eight_bit(module)
    return _four_bit(module) if isinstance(module, Linear4bit) else forward


def _eight_bit(module: Any) -> Call:
    """Without ``torch.autograd.Function`` and the bookkeeping for a backward pass."""
    forward: Call = module.forward
    multiply = torch.ops.bitsandbytes.int8_mixed_scaled_mm.default

    def call(states: Tensor) -> Tensor:
        state = module.state
        if state.CB is None or not state.threshold > 0.0:
            return forward(states)
        rows = states.reshape(-1, states.shape[-1])
        quantized, scales, outliers = functional.int8_vectorwise_quant(rows.to(torch.float16), state.threshold)
        product, _ = multiply(rows, quantized, state.CB, scales, state.SCB, outliers, None)
        reshaped: Tensor = product.reshape(*states.shape[:-1], -1)
        return reshaped

    return call


def _four_bit(module: Any) -> Call:
    """Packed for a CPU with AVX512-BF16: a plain tensor in place of a ``Params4bit``, which sends every function that
    takes it through ``__torch_function__``."""
    forward: Call = module.forward

    def call(states: Tensor) -> Tensor:
        weight = module.weight
        if not getattr(weight.quant_state, "packing_format_for_cpu", False) or not module.compute_type_is_set:
            return forward(states)
        computed = states.to(module.compute_dtype)
        product: Tensor = functional.gemv_4bit(computed, weight.data, state=weight.quant_state)
        return product.to(states.dtype)

    return call
