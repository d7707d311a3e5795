"""The files of a model folder, looked at before any weight is read. Knows safetensors; builds no model."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from math import prod
from pathlib import Path, PurePosixPath

from safetensors import SafetensorError, safe_open

from quanttui.errors import LoadError, UsageError
from quanttui.records import Precision
from quanttui.torch_engine.dtypes import SAFETENSORS_DTYPES

SINGLE_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
_AGAIN = "Download the model again, or choose another one."


@dataclass(frozen=True)
class Checkpoint:
    """A folder whose weight files are all there and whole. ``shapes``: tensor name → shape, as stored."""

    folder: Path
    shapes: dict[str, tuple[int, ...]]
    files: dict[str, str]
    dtype: Precision | None


def open_checkpoint(path: str) -> Checkpoint:
    """Check the files in the folder ``path``. Raises UsageError (no model there) or LoadError (damaged)."""
    folder = Path(path)
    _check_is_model(folder)
    shapes: dict[str, tuple[int, ...]] = {}
    files: dict[str, str] = {}
    elements: Counter[str] = Counter()
    for file in _weight_files(folder):
        for name, dtype, shape in _read_header(file):
            shapes[name], files[name] = shape, file.name
            elements[dtype] += prod(shape)
    commonest = [SAFETENSORS_DTYPES[name] for name, _ in elements.most_common() if name in SAFETENSORS_DTYPES]
    return Checkpoint(folder, shapes, files, commonest[0] if commonest else None)


def _check_is_model(folder: Path) -> None:
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder", "Give the folder that holds config.json and the weights.")
    if (folder / "adapter_config.json").exists():
        raise UsageError(f"{folder} holds an adapter, not a whole model", "Merge it into its base model first.")
    if not (folder / "config.json").is_file():
        raise UsageError(f"{folder} is no model: it has no config.json", "Give the folder that transformers saved.")


def _weight_files(folder: Path) -> list[Path]:
    if (folder / SINGLE_FILE).is_file():
        return [folder / SINGLE_FILE]
    if (folder / INDEX_FILE).is_file():
        return _sharded_files(folder)
    if any(folder.glob("*.bin")) or any(folder.glob("*.pt")) or any(folder.glob("*.pth")):
        raise LoadError(
            f"{folder} has its weights as pickle files (.bin) only, which can run any code when they are read",
            "Save the model as safetensors: model.save_pretrained(folder, safe_serialization=True)",
        )
    raise LoadError(f"{folder} has no weights: neither {SINGLE_FILE} nor {INDEX_FILE}", _AGAIN)


def _sharded_files(folder: Path) -> list[Path]:
    index = folder / INDEX_FILE
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LoadError(f"{index} cannot be read: {type(error).__name__}: {error}", _AGAIN) from None
    for name in names:
        if not isinstance(name, str) or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise LoadError(f"{index} names a file outside its folder: {name}", "Do not trust this model.")
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise LoadError(f"{len(missing)} of {len(names)} weight files are missing, first {missing[0]}", _AGAIN)
    return [folder / name for name in names]


def _read_header(file: Path) -> list[tuple[str, str, tuple[int, ...]]]:
    """Name, dtype and shape of each tensor; opening it also checks that the file is as long as its header says."""
    try:
        with safe_open(str(file), framework="pt") as tensors:
            return [
                (name, tensors.get_slice(name).get_dtype(), tuple(tensors.get_slice(name).get_shape()))
                for name in tensors.keys()  # noqa: SIM118  # safe_open is no mapping
            ]
    except (SafetensorError, OSError) as error:
        raise LoadError(f"{file} is damaged or cut short: {error}", _AGAIN) from None
