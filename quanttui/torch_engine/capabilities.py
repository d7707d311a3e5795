"""Which maths a device does natively: what its kind alone says of the precisions. Tries nothing; loads nothing.

What bitsandbytes asks for: https://huggingface.co/docs/bitsandbytes/main/en/installation (int8: Turing, which is 7.5).
"""

from __future__ import annotations

from pathlib import Path

import torch

from quanttui.records import Precision

_CPU_INFO = Path("/proc/cpuinfo")
_FOUR_BIT = (Precision.NF4.value, Precision.FP4.value)
_INT8_CAPABILITY, _BF16_CAPABILITY = (7, 5), (8, 0)
_BF16_FLAGS = {"avx512_bf16", "avx_ne_convert", "amx_bf16", "bf16"}
_FP16_FLAGS = {"avx512_fp16", "amx_fp16", "asimdhp"}
_VECTOR_FLAGS = {"avx512f"}

Reasons = dict[str, str]


def hardware_limits(device: torch.device) -> tuple[Reasons, Reasons]:
    """By precision: why it cannot run on ``device``, and what to know of it though it runs."""
    if device.type == "cuda":
        return cuda_limits(torch.cuda.get_device_capability(device))
    return {}, cpu_cautions(cpu_flags()) if device.type == "cpu" else {}


def cuda_limits(capability: tuple[int, int]) -> tuple[Reasons, Reasons]:
    """Of a GPU of this compute capability."""
    name = f"this GPU's compute capability is {capability[0]}.{capability[1]}"
    unsupported: Reasons = {}
    if capability < _INT8_CAPABILITY:
        unsupported[Precision.INT8.value] = f"bitsandbytes' int8 needs 7.5 (Turing), {name}"
    if capability >= _BF16_CAPABILITY:
        return unsupported, {}
    return unsupported, {
        Precision.BF16.value: f"bf16 is emulated before 8.0 (Ampere), {name}: fp16 is faster",
        **dict.fromkeys(_FOUR_BIT, f"with a bf16 reference its products are emulated, {name}: compute=fp16 is faster"),
    }


def cpu_cautions(flags: set[str]) -> Reasons:
    """Of a CPU with these features, as /proc/cpuinfo names them; none where it names none."""
    cautions: Reasons = {}
    if not flags:
        return cautions
    if not flags & _BF16_FLAGS:
        cautions[Precision.BF16.value] = (
            "this CPU has no bf16 instructions: its products are made of fp32 ones, more slowly"
        )
        cautions |= dict.fromkeys(_FOUR_BIT, "without AVX512-BF16, 4-bit weights are unpacked again at every step")
    if not flags & _FP16_FLAGS:
        cautions[Precision.FP16.value] = (
            "this CPU has no fp16 instructions: its products are made of fp32 ones, more slowly"
        )
    if not flags & _VECTOR_FLAGS:
        cautions[Precision.INT8.value] = "without AVX-512, bitsandbytes multiplies int8 weights in fp32"
    return cautions


def cpu_flags() -> set[str]:
    """x86 calls them flags, Arm features; empty where nothing tells."""
    try:
        lines = _CPU_INFO.read_text().splitlines()
    except OSError:
        return set()
    named = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return set(next(named, "").split())
