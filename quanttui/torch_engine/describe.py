"""Where the engine runs, on what, and which precisions work there, found by trying each on one small layer."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

import torch
from bitsandbytes.nn.modules import Linear4bit, Linear8bitLt
from torch import nn

from quanttui.records import EngineDescription, Precision
from quanttui.torch_engine.capabilities import hardware_limits
from quanttui.torch_engine.dtypes import TORCH_DTYPES
from quanttui.torch_engine.libraries import installed_versions

_PROBE_WIDTH = 64
_NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def choose_device(name: str | None) -> torch.device:
    """``name``, or the first GPU, or the CPU."""
    if name is not None:
        return torch.device(name)
    return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")


def describe_engine(device: torch.device, threads: int) -> EngineDescription:
    versions = installed_versions()
    if device.type == "cuda":
        versions |= _cuda_versions()
    impossible, cautions = hardware_limits(device)
    tried = [precision for precision in Precision if precision.value not in impossible]
    unsupported = {**impossible, **_failing(device, tried)}
    return EngineDescription(
        device=str(device),
        device_name=_device_name(device),
        process_id=os.getpid(),
        versions=versions,
        threads=threads,
        unsupported=unsupported,
        cautions={name: words for name, words in cautions.items() if name not in unsupported},
    )


def _failing(device: torch.device, precisions: Sequence[Precision]) -> dict[str, str]:
    """Those that fail when they are tried, and how."""
    reasons = {}
    for precision in precisions:
        try:
            _probe(precision, device)
        except (RuntimeError, ImportError, AttributeError, TypeError, AssertionError, OSError) as error:
            reasons[precision.value] = str(error).strip().partition("\n")[0] or type(error).__name__
    return reasons


@torch.no_grad()
def _probe(precision: Precision, device: torch.device) -> None:
    """One layer and one attention, as a decoder layer does them."""
    dtype = TORCH_DTYPES.get(precision, torch.bfloat16)
    hidden = torch.ones(1, 2, _PROBE_WIDTH, dtype=dtype, device=device)
    hidden = _probe_layer(precision, dtype).to(device).eval()(hidden)
    attended = nn.functional.scaled_dot_product_attention(hidden, hidden, hidden, is_causal=True)
    nn.functional.silu(attended).float().softmax(dim=-1).sum().item()


def _probe_layer(precision: Precision, dtype: torch.dtype) -> nn.Module:
    if precision is Precision.INT8:
        layer: nn.Module = Linear8bitLt(_PROBE_WIDTH, _PROBE_WIDTH, has_fp16_weights=False, threshold=6.0)
    elif precision.is_4bit:
        layer = Linear4bit(_PROBE_WIDTH, _PROBE_WIDTH, compute_dtype=dtype, quant_type=precision.value)
    else:
        layer = nn.Linear(_PROBE_WIDTH, _PROBE_WIDTH)
    return layer.to(dtype)


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _cuda_versions() -> dict[str, str]:
    versions = {"cuda": str(torch.version.cuda)}
    try:
        words = _NVIDIA_DRIVER.read_text().partition("\n")[0].split()
    except OSError:
        return versions
    numbers = [word for word in words if word[0].isdigit() and "." in word]
    return versions | ({"driver": numbers[0]} if numbers else {})
