"""A few tensors and what is said of them, in one private safetensors file that is whole or not there. Knows no model.

Flipped bytes load silently from safetensors, so a checksum of the tensors stands in the header.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from quanttui.errors import MeasurementError
from quanttui.whole_files import write_whole

_NAMES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.bfloat16: "BF16",
    torch.float16: "F16",
    torch.int32: "I32",
    torch.int64: "I64",
}
_CHECKSUM = "sha256"
_ALIGNMENT = 8


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Replaces what is at ``path``; its folder has to be there. Nothing is copied to be written. Raises
    MeasurementError where the disk does not take it."""
    ordered = sorted(tensors.items(), key=lambda item: (-item[1].itemsize, item[0]))  # aligned, as safetensors has it
    data = {name: tensor_bytes(tensor) for name, tensor in ordered}
    header: dict[str, Any] = {"__metadata__": {**metadata, _CHECKSUM: _checksum(data)}}
    start = 0
    for name, tensor in ordered:
        stop = start + tensor.nbytes
        header[name] = {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, stop]}
        start = stop
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    try:
        write_whole(path, [len(text).to_bytes(8, "little"), text, *data.values()], replace=True, durable=False)
    except OSError as error:
        raise MeasurementError(
            f"{path}, which keeps what the reference said, cannot be written: {error.strerror or error}",
            "Make room there, or choose another folder for the cache: QUANTTUI_HOME.",
        ) from None


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata; the tensors are pages of the file. Raises FileNotFoundError, and MeasurementError where
    what stands there is not what was written."""
    try:
        with safe_open(path, framework="pt") as opened:
            metadata = dict(opened.metadata() or {})
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118  # it is no mapping
    except FileNotFoundError:
        raise
    except (SafetensorError, OSError) as error:
        raise damaged(path, str(error)) from None
    data = {name: tensor_bytes(tensor) for name, tensor in tensors.items()}
    if metadata.pop(_CHECKSUM, None) != _checksum(data):
        raise damaged(path, "its bytes have changed since they were written")
    return tensors, metadata


def damaged(path: Path, reason: str) -> MeasurementError:
    return MeasurementError(
        f"{path}, kept from an earlier reading of the reference, is damaged: {reason}",
        "Delete it, and let the reference read the text again.",
    )


def tensor_bytes(tensor: Tensor) -> memoryview:
    """Of a tensor on any device, in memory order; no copy where it lies in order on the CPU."""
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().data


def _checksum(data: Mapping[str, memoryview]) -> str:
    digest = hashlib.sha256()
    for name in sorted(data):
        digest.update(name.encode())
        digest.update(data[name])
    return digest.hexdigest()
