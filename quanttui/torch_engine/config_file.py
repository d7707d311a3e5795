"""config.json as untrusted input, looked at before transformers acts on it. Builds nothing from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from quanttui.errors import LoadError
from quanttui.torch_engine.weight_files import AGAIN, NOT_TOGETHER

_LAYER_COUNTS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_MOST_LAYERS = 1000
_KERNEL_KEYS = ("attn_implementation", "experts_implementation")


def read_config(folder: Path) -> dict[str, Any]:
    """Raises LoadError where config.json is not a JSON object."""
    file = folder / "config.json"
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or "it is not JSON"
        raise LoadError(f"{file} cannot be read: {reason}", AGAIN) from None
    if not isinstance(config, dict):
        raise LoadError(f"{file} is not a JSON object", AGAIN)
    return config


def check_config(config: dict[str, Any], folder: Path, tensor_count: int | None) -> None:
    """Refuse what would fetch code, or build a model that no file here can fill (None: there are no files).

    A hub kernel is program code: https://huggingface.co/docs/transformers/main/en/attention_interface
    """
    for part in _objects(config):
        for key, value in part.items():
            if key.strip("_").removesuffix("_internal") in _KERNEL_KEYS and "/" in str(value):
                raise LoadError(
                    f"{folder}/config.json asks for {value}, program code from the hub, which quanttui never runs",
                    f"Take {key} out of config.json, or choose another model.",
                )
            if key not in _LAYER_COUNTS or not isinstance(value, int):
                continue
            if tensor_count is None and value > _MOST_LAYERS:
                raise LoadError(f"{folder}/config.json says {key}={value:,}: no model has that many layers", AGAIN)
            if tensor_count is not None and value > tensor_count:
                raise LoadError(
                    f"{folder}/config.json says {key}={value:,}, the weight files hold {tensor_count:,} tensors",
                    NOT_TOGETHER,
                )


def _objects(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The config and the configs within it (``text_config``)."""
    yield config
    for value in config.values():
        if isinstance(value, dict):
            yield from _objects(value)
