"""What a read model is checked for before it is used: whole, of the right shapes, every weight a number."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, prod
from typing import Any

import torch
from bitsandbytes.nn.modules import Linear4bit, Linear8bitLt, Params4bit
from transformers.pytorch_utils import Conv1D

from quanttui.errors import LoadError
from quanttui.torch_engine.blueprint import Blueprint
from quanttui.torch_engine.weight_files import AGAIN, NOT_TOGETHER
from quanttui.torch_engine.weights import state_tensors

_BLOCK_SIZES = tuple(2**power for power in range(5, 13))
_CODE_4BIT, _CODE_8BIT = 16, 256


def refuse_incomplete(blueprint: Blueprint, info: dict[str, Any]) -> None:
    """transformers fills what is missing with random numbers and goes on."""
    missing = sorted(str(key) for key in info["missing_keys"])
    if missing:
        raise LoadError(
            f"{blueprint.checkpoint.folder} lacks {len(missing)} of the model's tensors, first {missing[0]}", AGAIN
        )
    wrong = sorted(str(key) for key in info["mismatched_keys"])
    if wrong or info["error_msgs"]:
        raise LoadError(f"tensors do not fit the model: {(wrong or info['error_msgs'])[0]}", AGAIN)


def refuse_broken_state(blueprint: Blueprint, model: Any) -> None:
    """Quantization state that was saved decides which memory the kernels read: it has to fit its weight exactly."""
    if blueprint.checkpoint.stored_as is None:
        return
    expected = _shapes(blueprint.model)
    for name, module in model.named_modules():
        shapes = expected.get(f"{name}.weight", [])
        if (isinstance(module, Linear4bit) and not _fits_4bit(module, shapes)) or (
            isinstance(module, Linear8bitLt) and not _fits_int8(module, shapes)
        ):
            raise LoadError(
                f"{blueprint.checkpoint.folder}: the quantization state of {name} does not fit its weight", AGAIN
            )


def _fits_4bit(module: Any, shapes: list[tuple[int, ...]]) -> bool:
    """Two values a byte, one maximum a block; with double quantization the maxima are bytes in blocks of their own."""
    weight, state = module.weight, getattr(module.weight, "quant_state", None)
    if state is None or tuple(state.shape) not in shapes or state.blocksize not in _BLOCK_SIZES:
        return False
    elements = prod(state.shape)
    blocks = ceil(elements / state.blocksize)
    fits = weight.nbytes == ceil(elements / 2) and state.absmax.numel() == blocks and state.code.numel() == _CODE_4BIT
    if not state.nested:
        return bool(fits and state.absmax.dtype is torch.float32)
    inner = state.state2
    is_whole = inner.blocksize in _BLOCK_SIZES and inner.absmax.numel() == ceil(blocks / inner.blocksize)
    return bool(fits and is_whole and state.absmax.dtype is torch.uint8 and inner.code.numel() == _CODE_8BIT)


def _fits_int8(module: Any, shapes: list[tuple[int, ...]]) -> bool:
    weight = module.weight
    scales = getattr(weight, "SCB", None)
    if weight.dtype is not torch.int8 or tuple(weight.shape) not in shapes or scales is None:
        return False
    return bool(scales.dtype is torch.float32 and scales.numel() == weight.shape[0])


def refuse_misshapen(blueprint: Blueprint, model: Any) -> None:
    """bitsandbytes quantizes whatever shape it is given, also under a name that only transformers can map."""
    expected = _shapes(blueprint.model)
    for name, parameter in model.named_parameters():
        shape = tuple(parameter.quant_state.shape) if isinstance(parameter, Params4bit) else tuple(parameter.shape)
        if name in expected and shape not in expected[name]:
            raise LoadError(
                f"{blueprint.checkpoint.folder}: tensor {name} has shape {list(shape)}, "
                f"config.json says {list(expected[name][0])}",
                NOT_TOGETHER,
            )


def refuse_not_finite(blueprint: Blueprint, model: Any) -> None:
    """A NaN or an infinity in a weight makes every logit one; quantized, it may turn into a number and go unseen.

    The input embedding is left out: a row that no prompt uses does no harm, and one that is used is told then.
    """
    embedding = model.get_input_embeddings().weight
    for name, parameter in model.named_parameters():
        if parameter is not embedding and not all(
            _is_finite(tensor) for tensor in (parameter, *state_tensors(parameter))
        ):
            file = blueprint.checkpoint.files.get(name, str(blueprint.checkpoint.folder))
            raise LoadError(f"{file}: tensor {name} holds NaN or infinite weights", AGAIN)


def _is_finite(tensor: torch.Tensor) -> bool:
    """By its extremes, which a NaN passes through: no mask of the tensor's size is made."""
    if not tensor.is_floating_point() or tensor.numel() == 0 or tensor.is_meta:
        return True
    least, most = torch.aminmax(tensor.detach())
    return bool(torch.isfinite(least) & torch.isfinite(most))


def _shapes(model: Any) -> dict[str, list[tuple[int, ...]]]:
    """The shapes that each parameter may have: bitsandbytes turns the weight of a Conv1D into a Linear's."""
    turned = {f"{name}.weight" for name, module in model.named_modules() if isinstance(module, Conv1D)}
    return {
        name: [tuple(parameter.shape), *_turned(parameter, name in turned)]
        for name, parameter in model.named_parameters()
    }


def _turned(parameter: torch.Tensor, is_turned: bool) -> Iterator[tuple[int, ...]]:
    if is_turned:
        yield tuple(reversed(parameter.shape))
