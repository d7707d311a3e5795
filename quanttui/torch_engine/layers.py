"""What is done to a quantized model's layers after the load: the CPU path of 4-bit layers, and a tied head."""

from __future__ import annotations

from typing import Any

import torch
from bitsandbytes.nn.modules import Int8Params, Linear4bit, Linear8bitLt, Params4bit
from torch import nn

from quanttui.records import Variant
from quanttui.torch_engine.cpu_kernels import fast_quantizing
from quanttui.torch_engine.dtypes import dtype_name
from quanttui.torch_engine.quantize import LoadPlan

PACKED_OUT_MULTIPLE = 32
PACKED_IN_MULTIPLE = 64


def settle_4bit_paths(model: nn.Module, device: torch.device) -> list[str]:
    """On a CPU with AVX512-BF16: send the layers that its packed kernel refuses by the unpacked path; say so.

    bitsandbytes packs a weight at its first forward pass and asserts out_features % 32 == 0 and in_features % 64 == 0:
    https://github.com/bitsandbytes-foundation/bitsandbytes/blob/main/bitsandbytes/functional.py
    (``_convert_weight_packed_for_cpu``).
    """
    layers = [module for module in model.modules() if isinstance(module, Linear4bit)]
    packed = [layer for layer in layers if getattr(layer, "support_avx512bf16_for_cpu", False)]
    if device.type != "cpu" or not packed:
        return []
    refused = [layer for layer in packed if not _fits_packed_path(layer)]
    for layer in refused:
        layer.support_avx512bf16_for_cpu = False
    notes = []
    if refused:
        notes.append(
            f"{len(refused)} of {len(layers)} 4-bit layers run by the slower unpacked path: this CPU's packed kernel "
            f"wants out_features in multiples of {PACKED_OUT_MULTIPLE} and in_features of {PACKED_IN_MULTIPLE}"
        )
    return notes + _compute_note(packed, len(packed) - len(refused))


def _fits_packed_path(layer: Any) -> bool:
    return bool(layer.out_features % PACKED_OUT_MULTIPLE == 0 and layer.in_features % PACKED_IN_MULTIPLE == 0)


def _compute_note(layers: list[Any], count: int) -> list[str]:
    dtype = layers[0].compute_dtype
    if not count or dtype is torch.bfloat16:
        return []
    return [f"this CPU's packed 4-bit kernel multiplies in bfloat16 in {count} layers, not in {dtype_name(dtype)}"]


def quantize_weight(layer: Any) -> None:
    """Quantize a bitsandbytes layer's weight where it lies, as its ``to(device)`` does at the end of a load.

    ``to`` itself leaves what is on the meta device alone; this gives it a quantized shape and state there.
    """
    with fast_quantizing():
        layer.weight = layer.weight._quantize(layer.weight.device)


def quantize_tied_head(model: Any, variant: Variant, plan: LoadPlan, head_name: str) -> list[str]:
    """Give a model whose head shares the embedding's weight a quantized head of its own.

    transformers replaces the head's class and then ties its weight back to the unquantized embedding, which fails in
    the first forward pass; so the head is made here, from a copy, in the same way.
    """
    tied = model.get_output_embeddings()
    options = plan.bnb_options or {}
    head: Any
    if variant.precision.is_4bit:
        head = Linear4bit(
            tied.in_features,
            tied.out_features,
            bias=tied.bias is not None,
            compute_dtype=options["bnb_4bit_compute_dtype"],
            compress_statistics=options["bnb_4bit_use_double_quant"],
            quant_type=options["bnb_4bit_quant_type"],
            quant_storage=options["bnb_4bit_quant_storage"],
            device="meta",
        )
        settings = {name: value for name, value in head.weight.__dict__.items() if name != "data"}
        head.weight = Params4bit(tied.weight.detach().clone(), requires_grad=False, **settings)
    else:
        head = Linear8bitLt(
            tied.in_features,
            tied.out_features,
            bias=tied.bias is not None,
            has_fp16_weights=False,
            threshold=options["llm_int8_threshold"],
            device="meta",
        )
        head.weight = Int8Params(tied.weight.detach().clone(), requires_grad=False, has_fp16_weights=False)
    quantize_weight(head)
    head.bias = tied.bias
    head.requires_grad_(False)
    model.set_submodule(head_name, head.eval())
    return ["the output head shared the embedding's weight; it was quantized as a copy, beside the embedding"]
