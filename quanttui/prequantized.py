"""What a checkpoint says of the quantization that it was saved with. Reads settings and names, no file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from quanttui.records import Precision, Variant
from quanttui.records.variant import DEFAULT_INT8_THRESHOLD

# What bitsandbytes saves beside a quantized weight: state, not parameters.
_STATE = re.compile(r"\.(weight\.(absmax|quant_map|nested_absmax|nested_quant_map|quant_state\..+)|SCB|weight_format)$")
FLOAT_NAMES = {"float32": Precision.FP32, "bfloat16": Precision.BF16, "float16": Precision.FP16}
"""The floating types as a config.json names them."""


def is_quantization_state(tensor_name: str) -> bool:
    return _STATE.search(tensor_name) is not None


def quantization_settings(config: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What config.json holds of a quantization; None for a model in full precision."""
    settings = config.get("quantization_config")
    return settings if isinstance(settings, Mapping) else None


def stored_variant(settings: Mapping[str, Any], dtype: Precision | None) -> Variant | None:
    """The variant that bitsandbytes saved a checkpoint as; None where it was another library.

    ``dtype``: the floating type of what is not quantized. The library's own defaults count where a setting is left
    out: FP4, and an fp32 compute dtype. Modules that were left alone are not told apart: they are as they are.
    """
    if settings.get("load_in_8bit") is True:
        return Variant(Precision.INT8, threshold=_threshold(settings.get("llm_int8_threshold")))
    if settings.get("load_in_4bit") is True:
        compute = FLOAT_NAMES.get(str(settings.get("bnb_4bit_compute_dtype", "float32")).removeprefix("torch."))
        return Variant(
            Precision.NF4 if settings.get("bnb_4bit_quant_type") == "nf4" else Precision.FP4,
            double_quant=settings.get("bnb_4bit_use_double_quant") is True,
            compute_dtype=None if compute is dtype else compute,
        )
    return None


def quantized_by(settings: Mapping[str, Any]) -> str:
    """The name of the method, as config.json gives it."""
    method = settings.get("quant_method")
    return method if isinstance(method, str) else "unknown"


def _threshold(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value == DEFAULT_INT8_THRESHOLD:
        return None
    return float(value)
