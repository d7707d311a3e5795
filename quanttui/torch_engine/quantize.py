"""A variant as the options of transformers and bitsandbytes. Pure: reads no file and holds no weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import BitsAndBytesConfig

from quanttui.records import Precision, Variant
from quanttui.records.variant import DEFAULT_INT8_THRESHOLD
from quanttui.torch_engine.dtypes import TORCH_DTYPES, dtype_name

Options = dict[str, str | int | float | bool | list[str] | None]


@dataclass(frozen=True)
class LoadPlan:
    """How a variant is loaded: the dtype of what stays unquantized, and every bitsandbytes option (None: none).

    ``is_stored``: the checkpoint is quantized already, and carries these options itself.
    """

    dtype: torch.dtype
    bnb_options: dict[str, Any] | None
    is_stored: bool = False

    def quantization_config(self) -> BitsAndBytesConfig | None:
        return None if self.bnb_options is None or self.is_stored else BitsAndBytesConfig(**self.bnb_options)

    def reported_options(self) -> Options:
        """As set, in a form that can be stored: dtypes by name."""
        options: Options = {"dtype": dtype_name(self.dtype)}
        for name, value in (self.bnb_options or {}).items():
            options[name] = dtype_name(value) if isinstance(value, torch.dtype) else value
        return options


def load_dtype(variant: Variant, reference_dtype: Precision) -> torch.dtype:
    """An unquantized variant is its own dtype; a quantized one leaves the rest in the reference's."""
    return TORCH_DTYPES[reference_dtype if variant.precision.is_quantized else variant.precision]


def plan_load(variant: Variant, reference_dtype: Precision, skip_modules: list[str]) -> LoadPlan:
    dtype = load_dtype(variant, reference_dtype)
    options = _bnb_options(variant, reference_dtype, skip_modules) if variant.precision.is_quantized else None
    return LoadPlan(dtype, options)


def _bnb_options(variant: Variant, reference_dtype: Precision, skip_modules: list[str]) -> dict[str, Any]:
    """Every option by hand: the library's own defaults are FP4 and an fp32 compute dtype."""
    return {
        "load_in_8bit": variant.precision is Precision.INT8,
        "load_in_4bit": variant.precision.is_4bit,
        "llm_int8_threshold": DEFAULT_INT8_THRESHOLD if variant.threshold is None else variant.threshold,
        "llm_int8_skip_modules": skip_modules,
        "llm_int8_enable_fp32_cpu_offload": False,
        "llm_int8_has_fp16_weight": False,
        "bnb_4bit_compute_dtype": TORCH_DTYPES[variant.compute_dtype or reference_dtype],
        "bnb_4bit_quant_type": "fp4" if variant.precision is Precision.FP4 else "nf4",
        "bnb_4bit_use_double_quant": variant.double_quant,
        "bnb_4bit_quant_storage": torch.uint8,
    }
