"""Checkpoints that bitsandbytes saved quantized: as which variants they run, with which options, and what is said."""

from __future__ import annotations

import torch

from quanttui.errors import VariantUnsupportedError
from quanttui.prequantized import quantization_settings
from quanttui.records import LoadRequest, Precision, Variant
from quanttui.torch_engine.blueprint import Blueprint, modules_left_alone
from quanttui.torch_engine.checkpoint import Checkpoint
from quanttui.torch_engine.dtypes import TORCH_DTYPES
from quanttui.torch_engine.quantize import LoadPlan, load_dtype, plan_load

_OPTIONS = (
    "load_in_8bit",
    "load_in_4bit",
    "llm_int8_threshold",
    "llm_int8_skip_modules",
    "llm_int8_has_fp16_weight",
    "bnb_4bit_compute_dtype",
    "bnb_4bit_quant_type",
    "bnb_4bit_use_double_quant",
    "bnb_4bit_quant_storage",
)


def check_stored_variant(checkpoint: Checkpoint, variant: Variant) -> None:
    """A quantized checkpoint runs as what it is, or dequantized; quantized again it would be neither."""
    stored = checkpoint.stored_as
    if stored is not None and variant.precision.is_quantized and variant != stored:
        raise VariantUnsupportedError(
            f"{checkpoint.folder} was saved as {stored}: it cannot be made {variant}",
            f"Choose {stored}, or bf16 for its weights dequantized; for {variant} take the model it was made from.",
        )


def plan_stored(checkpoint: Checkpoint, variant: Variant, reference_dtype: Precision) -> LoadPlan:
    """The options are the file's own: transformers lets none of them be set anew, nor the dtype of what is not
    quantized. ``reference_dtype`` counts only where the files hold no floating weight that tells it."""
    if not variant.precision.is_quantized:
        return LoadPlan(TORCH_DTYPES[variant.precision], None, is_stored=True)
    settings = quantization_settings(checkpoint.config) or {}
    options = {name: settings[name] for name in _OPTIONS if name in settings}
    return LoadPlan(TORCH_DTYPES[checkpoint.dtype or reference_dtype], options, is_stored=True)


def request_dtype(request: LoadRequest, checkpoint: Checkpoint) -> torch.dtype:
    """Of all that is not quantized; a quantized checkpoint keeps its own."""
    if checkpoint.stored_as is not None and request.variant.precision.is_quantized:
        return TORCH_DTYPES[checkpoint.dtype or request.reference_dtype]
    return load_dtype(request.variant, request.reference_dtype)


def plan_request(request: LoadRequest, blueprint: Blueprint) -> LoadPlan:
    """How ``request`` is loaded, whichever way its checkpoint was saved."""
    if blueprint.checkpoint.stored_as is not None:
        return plan_stored(blueprint.checkpoint, request.variant, request.reference_dtype)
    return plan_load(request.variant, request.reference_dtype, modules_left_alone(blueprint, request.variant))


def stored_notes(checkpoint: Checkpoint, variant: Variant) -> list[str]:
    stored = checkpoint.stored_as
    if stored is None:
        return []
    if variant.precision.is_quantized:
        return ["runs as it was saved: the options are those of its config.json"]
    return [
        f"dequantized from {stored}, as which the model was saved: what was lost then stays lost, "
        f"and {stored} differs from this by its arithmetic alone"
    ]


def dequantized(checkpoint: Checkpoint, model: torch.nn.Module, plan: LoadPlan) -> torch.nn.Module:
    """``model`` as ``plan`` wants it: its quantized layers turned into plain ones where the variant is a float.

    transformers leaves what is not quantized in the type it was stored in, whatever is asked for.
    """
    if not plan.is_stored or plan.bnb_options is not None:
        return model
    stored = TORCH_DTYPES.get(checkpoint.dtype) if checkpoint.dtype else None
    model = model.dequantize(dtype=plan.dtype)  # type: ignore[operator]  # a method of transformers' own
    for parameter in model.parameters():
        if parameter.dtype is stored:  # others are kept in fp32 by the architecture; buffers keep their own type
            parameter.data = parameter.data.to(plan.dtype)
    return model
