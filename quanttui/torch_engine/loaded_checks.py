"""What a read model is checked for before it is used: whole, of the right shapes, every weight a number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from bitsandbytes.nn.modules import Params4bit
from transformers.pytorch_utils import Conv1D

from quanttui.errors import LoadError
from quanttui.torch_engine.blueprint import Blueprint
from quanttui.torch_engine.weight_files import AGAIN
from quanttui.torch_engine.weights import state_tensors

_NO_BELONG = "The files do not belong together: download the model again."


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


def refuse_misshapen(blueprint: Blueprint, model: Any) -> None:
    """bitsandbytes quantizes whatever shape it is given, also under a name that only transformers can map."""
    expected = _shapes(blueprint.model)
    for name, parameter in model.named_parameters():
        shape = tuple(parameter.quant_state.shape) if isinstance(parameter, Params4bit) else tuple(parameter.shape)
        if name in expected and shape not in expected[name]:
            raise LoadError(
                f"{blueprint.checkpoint.folder}: tensor {name} has shape {list(shape)}, "
                f"config.json says {list(expected[name][0])}",
                _NO_BELONG,
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
