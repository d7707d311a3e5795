"""The floating types: as variants name them, as torch does, as safetensors does."""

from __future__ import annotations

import torch

from quanttui.records import Precision

TORCH_DTYPES = {
    Precision.FP32: torch.float32,
    Precision.BF16: torch.bfloat16,
    Precision.FP16: torch.float16,
}
SAFETENSORS_DTYPES = {"F32": Precision.FP32, "BF16": Precision.BF16, "F16": Precision.FP16}


def dtype_name(dtype: torch.dtype) -> str:
    """``bfloat16``: as transformers and bitsandbytes write it."""
    return str(dtype).removeprefix("torch.")
