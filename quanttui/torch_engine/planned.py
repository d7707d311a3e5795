"""A variant's model as a load would leave it, on the meta device: every shape and dtype, no byte of memory.

transformers' own quantizer replaces the layers and bitsandbytes' own functions "quantize" them, so what is quantized
and how large its state becomes is theirs to say, as in a real load.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from bitsandbytes.functional import quantize_blockwise
from transformers import BitsAndBytesConfig
from transformers.core_model_loading import build_glob_alternation
from transformers.modeling_utils import local_torch_dtype
from transformers.quantizers.auto import AutoHfQuantizer

from quanttui.records import LoadRequest, Precision
from quanttui.torch_engine.blueprint import Blueprint, check_variant, draw_blueprint
from quanttui.torch_engine.checkpoint import Checkpoint
from quanttui.torch_engine.layers import quantize_tied_head, quantize_weight
from quanttui.torch_engine.quantize import LoadPlan
from quanttui.torch_engine.spared_imports import compiler_put_off
from quanttui.torch_engine.stored import check_stored_variant, plan_request, request_dtype
from quanttui.torch_engine.weights import parameter_bytes


@dataclass(frozen=True)
class FullWeight:
    """A weight that will be quantized, before that: as many ``elements``, in the ``dtype`` it is read in."""

    in_features: int
    out_features: int
    itemsize: int

    @property
    def elements(self) -> int:
        return self.in_features * self.out_features


@dataclass(frozen=True)
class PlannedWeights:
    """``parameter_bytes`` as a load will report them; ``quantized``: each weight that is quantized while loading.

    ``plain_bytes``: of the weights that stay as they are read. ``merged_bytes``: the largest weight with three or
    more dimensions, which is put together from several tensors of the files (the experts of a layer). ``is_stored``:
    the files hold them quantized.
    """

    parameter_bytes: int
    quantized: tuple[FullWeight, ...]
    merged_bytes: int
    plain_bytes: int
    is_int8: bool
    is_stored: bool


@compiler_put_off()
def plan_weights(checkpoint: Checkpoint, request: LoadRequest) -> PlannedWeights:
    """What the weights of ``request`` will be. Raises as ``Engine.estimate`` does."""
    blueprint = draw_blueprint(checkpoint, request_dtype(request, checkpoint))
    check_variant(blueprint, request.variant)
    check_stored_variant(checkpoint, request.variant)
    plan = plan_request(request, blueprint)
    tied_head = _head_weight(blueprint, request)
    quantized = _quantize(blueprint, request, plan) if plan.bnb_options is not None else ()
    _keep_in_fp32(blueprint.model, plan.dtype)
    parameters = list(blueprint.model.parameters())
    return PlannedWeights(
        parameter_bytes=parameter_bytes(blueprint.model),
        quantized=quantized + tied_head,
        merged_bytes=max((p.nbytes for p in parameters if p.dim() > 2), default=0),
        plain_bytes=sum(p.nbytes for p in parameters if p.is_floating_point()),
        is_int8=request.variant.precision is Precision.INT8,
        is_stored=plan.is_stored,
    )


def _head_weight(blueprint: Blueprint, request: LoadRequest) -> tuple[FullWeight, ...]:
    if not (request.variant.head and blueprint.has_tied_head):
        return ()
    weight = blueprint.model.get_output_embeddings().weight
    return (FullWeight(weight.shape[1], weight.shape[0], weight.itemsize),)


def _quantize(blueprint: Blueprint, request: LoadRequest, plan: LoadPlan) -> tuple[FullWeight, ...]:
    """Quantize ``blueprint.model`` in place, as the loader does, or did when the files were saved; returns what the
    weights were before."""
    model: Any = blueprint.model
    has_tied_head, head_name = blueprint.has_tied_head, str(blueprint.head_name)
    # bitsandbytes keeps the first code book it makes for all later ones: it must not be one on the meta device
    quantize_blockwise(torch.zeros(1))
    quantizer = AutoHfQuantizer.from_config(BitsAndBytesConfig(**(plan.bnb_options or {})), pre_quantized=False)
    with local_torch_dtype(plan.dtype):  # the new layers' biases take the default dtype
        quantizer.preprocess_model(model=model, dtype=plan.dtype, device_map={"": "cpu"})
    full = []
    for name in [name for name, _ in model.named_parameters()]:
        if quantizer.param_needs_quantization(model, name):
            layer = model.get_submodule(name.rpartition(".")[0])
            full.append(FullWeight(layer.in_features, layer.out_features, plan.dtype.itemsize))
            quantize_weight(layer)
    if request.variant.head and has_tied_head:
        quantize_tied_head(model, request.variant, plan, head_name)
    return tuple(full)


def _keep_in_fp32(model: Any, dtype: torch.dtype) -> None:
    """Some architectures keep named weights in fp32 whatever dtype they are loaded in: by the loader's own rule."""
    kept = model._get_dtype_plan(dtype)
    if not kept:
        return
    pattern, groups, _ = build_glob_alternation(list(kept))
    for name, parameter in model.named_parameters():
        match = pattern.search(name)
        if match is not None and parameter.is_floating_point() and match.lastgroup is not None:
            parameter.data = parameter.data.to(kept[groups[match.lastgroup]])
