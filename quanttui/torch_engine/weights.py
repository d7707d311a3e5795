"""The tensors that hold a model's weights, quantization state included, and how many bytes they take."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn


def parameter_bytes(model: nn.Module) -> int:
    """Every byte that ``model``'s weights occupy: parameters, saved buffers, and all quantization state.

    What lies at one address counts once: tied weights, shared code books. Take it before the first forward pass,
    which reshapes 4-bit and int8 state on a CPU. On the meta device: the bytes that it would occupy.
    """
    bytes_at: dict[tuple[int, int], int] = {}
    for tensor in weight_tensors(model):
        place = _place(tensor)
        bytes_at[place] = max(tensor.nbytes, bytes_at.get(place, 0))
    return sum(bytes_at.values())


def _place(tensor: torch.Tensor) -> tuple[int, int]:
    """Where ``tensor`` begins. On the meta device nothing has an address, but what is shared has one storage."""
    if tensor.is_meta:
        return int(tensor.untyped_storage()._cdata), int(tensor.storage_offset())
    return tensor.data_ptr(), 0


def weight_tensors(model: nn.Module) -> Iterator[torch.Tensor]:
    """Parameters and saved buffers, each followed by the state that bitsandbytes hangs onto it."""
    for module in model.modules():
        transient = module._non_persistent_buffers_set
        yield from (buffer for name, buffer in module.named_buffers(recurse=False) if name not in transient)
        for parameter in module.parameters(recurse=False):
            yield parameter.data
            yield from state_tensors(parameter, module)


def state_tensors(parameter: nn.Parameter, module: nn.Module | None = None) -> Iterator[torch.Tensor]:
    """What bitsandbytes hangs onto ``parameter``, or onto the ``module`` that it belongs to."""
    yield from _int8_state(parameter, module)
    yield from _quant_state(getattr(parameter, "quant_state", None))


def _int8_state(parameter: nn.Parameter, module: nn.Module | None) -> Iterator[torch.Tensor]:
    """``CB`` and ``SCB`` hang on the parameter until the first forward pass, then on the module's state."""
    for holder in (parameter, getattr(module, "state", None)):
        for name in ("CB", "SCB"):
            tensor = getattr(holder, name, None)
            if isinstance(tensor, torch.Tensor):
                yield tensor


def _quant_state(state: object | None) -> Iterator[torch.Tensor]:
    """4-bit: block maxima, code book, and with double quantization the offset and the nested state of the maxima."""
    while state is not None:
        for name in ("absmax", "code", "offset"):
            tensor = getattr(state, name, None)
            if isinstance(tensor, torch.Tensor):
                yield tensor
        state = getattr(state, "state2", None)
