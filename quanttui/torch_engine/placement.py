"""Where a model's modules go: one device while it has room, several GPUs and the host's memory otherwise.

Pure but for ``free_gpu_bytes``. The map itself is accelerate's (``device_map="auto"``); here it is chosen and told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import torch

from quanttui.units import format_bytes

FILLED = 0.9
"""Of a GPU's free memory, what weights may take: the rest is for activations and the cache."""

_NUMBERED = re.compile(r"(.*\.)(\d+)")

DeviceMap = dict[str, str] | str


def choose_device_map(device: torch.device, weights_bytes: int, free_bytes: int | None) -> DeviceMap:
    """All on ``device`` where its ``free_bytes`` hold the weights (None: it is not known), else accelerate's choice."""
    if device.type != "cuda" or free_bytes is None or weights_bytes <= FILLED * free_bytes:
        return {"": str(device)}
    return "auto"


def free_gpu_bytes(device: torch.device) -> int | None:
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else None


def spread_of(model: Any) -> dict[str, str]:
    """What lies on each device, in words, of a model that is not all on one; else nothing."""
    devices = {name: _device_name(device) for name, device in (getattr(model, "hf_device_map", None) or {}).items()}
    return compact_map(devices) if len(set(devices.values())) > 1 else {}


def compact_map(device_map: Mapping[str, str]) -> dict[str, str]:
    """Module → device turned around and shortened: {"cuda:0": "model.embed_tokens, model.layers.0–15"}."""
    modules: dict[str, list[str]] = {}
    for name, device in device_map.items():
        modules.setdefault(device, []).append(name)
    return {device: ", ".join(_runs(names)) for device, names in modules.items()}


def spread_notes(model: Any, blueprint_model: Any, dtype: torch.dtype) -> list[str]:
    """One note for a model over several devices, and one for what each token will wait for."""
    spread = spread_of(model)
    if not spread:
        return []
    notes = ["spread over several devices: " + "; ".join(f"{device}: {names}" for device, names in spread.items())]
    hosted = [name for name, device in model.hf_device_map.items() if _device_name(device) in ("cpu", "disk")]
    if hosted:
        size = format_bytes(_bytes_of(blueprint_model, hosted, dtype))
        notes.append(
            f"{', '.join(_runs(hosted))} had no room on the GPU: each forward pass, so each token, waits for {size} "
            "to be copied there"
        )
    return notes


def _device_name(device: object) -> str:
    return f"cuda:{device}" if isinstance(device, int) else str(device)


def _runs(names: Sequence[str]) -> list[str]:
    """Numbered neighbours as one: model.layers.0, model.layers.1, model.layers.2 → model.layers.0–2."""

    def key(pair: tuple[int, str]) -> tuple[str, int]:
        position, name = pair
        match = _NUMBERED.fullmatch(name)
        return (match[1], int(match[2]) - position) if match else (name, -1 - position)

    runs = []
    for _, group in groupby(enumerate(names), key):
        run = [name for _, name in group]
        last = _NUMBERED.fullmatch(run[-1])
        runs.append(f"{run[0]}–{last[2]}" if len(run) > 1 and last else run[0])
    return runs


def _bytes_of(model: Any, modules: Sequence[str], dtype: torch.dtype) -> int:
    """Of the parameters in ``modules``, in ``dtype``. ``model`` may lie on the meta device."""
    return sum(
        parameter.numel() * dtype.itemsize
        for name, parameter in model.named_parameters()
        if any(not module or name == module or name.startswith(f"{module}.") for module in modules)
    )
