"""The files of a model folder, looked at before any weight is read. Builds no model, runs nothing of what it reads."""

from __future__ import annotations

import stat
from collections import Counter
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from quanttui.errors import LoadError, UsageError
from quanttui.prequantized import is_quantization_state, quantization_settings, stored_variant
from quanttui.records import Precision, Variant
from quanttui.torch_engine.config_file import check_config, read_config
from quanttui.torch_engine.dtypes import SAFETENSORS_DTYPES
from quanttui.torch_engine.weight_files import (
    AGAIN,
    INDEX_FILE,
    SINGLE_FILE,
    WeightFiles,
    find_weight_files,
    read_header,
)


@dataclass(frozen=True)
class Checkpoint:
    """A folder whose weight files are all there and whole.

    By a tensor's name: its ``shapes`` and ``dtypes`` (as safetensors writes them) as stored, the ``files`` it lies in.
    ``config``: config.json as it stands there. ``notes``: what the user should know of the files.
    """

    folder: Path
    shapes: dict[str, tuple[int, ...]]
    files: dict[str, str]
    dtype: Precision | None
    dtypes: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def stored_as(self) -> Variant | None:
        """The variant that bitsandbytes saved it as; None for full precision, and for another library's work."""
        settings = quantization_settings(self.config)
        return None if settings is None else stored_variant(settings, self.dtype)


def open_checkpoint(path: str) -> Checkpoint:
    """Check the files in the folder ``path``. Raises UsageError (no model there) or LoadError (damaged)."""
    folder = Path(path)
    _check_is_model(folder)
    _refuse_special_files(folder)
    config = read_config(folder)
    weights = find_weight_files(folder)
    checkpoint = _read_headers(folder, weights, config)
    check_config(config, folder, len(checkpoint.shapes))
    return checkpoint


def peek_checkpoint(path: str) -> Checkpoint:
    """As ``open_checkpoint``, but a folder that holds a config.json and no weights is a model too, of no tensors."""
    folder = Path(path)
    _check_is_model(folder)
    if any((folder / name).exists() for name in (SINGLE_FILE, INDEX_FILE)):
        return open_checkpoint(path)
    _refuse_special_files(folder)
    config = read_config(folder)
    check_config(config, folder, None)
    return Checkpoint(folder, {}, {}, None, config=config)


def _check_is_model(folder: Path) -> None:
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder", "Give the folder that holds config.json and the weights.")
    if (folder / "adapter_config.json").exists():
        raise UsageError(f"{folder} holds an adapter, not a whole model", "Merge it into its base model first.")
    if not (folder / "config.json").exists():
        raise UsageError(f"{folder} is no model: it has no config.json", "Give the folder that transformers saved.")


def _refuse_special_files(folder: Path) -> None:
    """Reading a pipe or a device might never end, and the libraries open what they find."""
    for path in sorted(folder.iterdir()):
        mode = path.stat().st_mode if path.exists() else stat.S_IFREG  # a broken link: told when it is needed
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise LoadError(f"{path} is no file but a pipe, a socket or a device", "Do not trust this model.")


def _read_headers(folder: Path, weights: WeightFiles, config: dict[str, Any]) -> Checkpoint:
    shapes: dict[str, tuple[int, ...]] = {}
    files: dict[str, str] = {}
    dtypes: dict[str, str] = {}
    elements: Counter[str] = Counter()
    for file in weights.files:
        for name, dtype, shape in read_header(file):
            if name in files:
                raise LoadError(f"{folder}: tensor {name} lies in {files[name]} and again in {file.name}", AGAIN)
            shapes[name], files[name], dtypes[name] = shape, file.name, dtype
            elements[dtype] += 0 if is_quantization_state(name) else prod(shape)
    weights.check_promises(files)
    commonest = [SAFETENSORS_DTYPES[name] for name, _ in elements.most_common() if name in SAFETENSORS_DTYPES]
    return Checkpoint(folder, shapes, files, commonest[0] if commonest else None, dtypes, config, weights.notes)
