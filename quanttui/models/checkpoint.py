"""What a model folder says of itself before anything is loaded, and what is wrong with it.

Reads config.json, the shard index and safetensors headers; no weights, no torch, no pickle. Never raises for what it
finds: a damaged folder is described too, with a sentence for each thing that keeps it from running.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from quanttui.models.model_files import MAX_JSON_BYTES, LocalFiles, ModelFiles
from quanttui.models.safetensors_header import (
    DamagedFileError,
    TensorInfo,
    reason_of,
)
from quanttui.models.tensors import count_parameters, dominant_dtype, prequantization
from quanttui.prequantized import FLOAT_NAMES, quantization_settings, stored_variant
from quanttui.records import ModelEntry, ModelSource, Precision

CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
_CAUSAL_ENDINGS = ("ForCausalLM", "LMHeadModel")
_CONTEXT_KEYS = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "max_sequence_length", "seq_length")
_TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "sentencepiece.bpe.model",
    "tekken.json", "*.tiktoken",
)  # fmt: skip
_OTHER_WEIGHTS = {
    "*.bin": "pickle weights, which can run code when they are read",
    "*.pt": "pickle weights, which can run code when they are read",
    "*.pth": "pickle weights, which can run code when they are read",
    "*.gguf": "GGUF weights, which are for llama.cpp",
    "adapter_model.safetensors": "an adapter, which needs the model it was trained on",
    "*.safetensors": "weights under a name that transformers does not look for",
}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The facts of a folder; None where nothing tells. ``problems``: one sentence each, naming the file."""

    architecture: str | None = None
    context_length: int | None = None
    dtype: Precision | None = None
    parameter_count: int | None = None
    prequantized: str | None = None
    size_bytes: int | None = None
    problems: tuple[str, ...] = ()

    def as_entry(self, model_id: str, path: Path, source: ModelSource, revision: str | None) -> ModelEntry:
        return ModelEntry(
            id=model_id,
            path=str(path),
            source=source,
            revision=revision,
            size_bytes=self.size_bytes,
            parameter_count=self.parameter_count,
            dtype=self.dtype,
            architecture=self.architecture,
            context_length=self.context_length,
            prequantized=self.prequantized,
            problem="; ".join(self.problems) or None,
        )


def inspect_checkpoint(folder: Path) -> Checkpoint:
    """What lies in ``folder``. Names in it are untrusted and stay raw."""
    try:
        return inspect_files(LocalFiles(folder))
    except (OSError, ValueError) as error:
        return Checkpoint(problems=(f"the folder {folder.name} cannot be read: {reason_of(error)}",))


def inspect_files(files: ModelFiles) -> Checkpoint:
    """What ``files`` are, by their names, settings and headers."""
    names = files.names()
    problems: list[str] = []
    config = _read_config(files, problems)
    tensors, size_bytes = _read_weights(files, names, problems)
    if not any(files.is_file(name) for name in _matching(names, _TOKENIZER_FILES)):
        problems.append(f"there is no tokenizer file ({_TOKENIZER_FILES[0]} or {_TOKENIZER_FILES[1]})")
    quantization = quantization_settings(config)
    dtype = dominant_dtype(tensors, quantized=quantization is not None) or _declared_dtype(config)
    prequantized = prequantization(config, dtype)
    if quantization is not None and stored_variant(quantization, dtype) is None:
        problems.append(f"it was saved quantized by {prequantized}: only what bitsandbytes saved can be run")
    return Checkpoint(
        architecture=_architecture(config),
        context_length=_context_length(config),
        dtype=dtype,
        parameter_count=count_parameters(tensors, prequantized, tied=config.get("tie_word_embeddings") is True),
        prequantized=prequantized,
        size_bytes=size_bytes,
        problems=tuple(problems),
    )


def weight_files(files: ModelFiles) -> list[str]:
    """The files that the weights lie in, the index first where there is one, as transformers looks for them.

    Raises DamagedFileError.
    """
    names = files.names()
    if WEIGHTS in names:
        return [WEIGHTS]
    if INDEX in names:
        return [INDEX, *sorted(_shards_of(files))]
    raise DamagedFileError(_no_weights(names))


def _read_config(files: ModelFiles, problems: list[str]) -> dict[str, Any]:
    try:
        config = _read_json_object(files, CONFIG)
    except DamagedFileError as error:
        problems.append(str(error))
        return {}
    name = _architecture(config)
    if name is not None and not name.endswith(_CAUSAL_ENDINGS):
        problems.append(f"{CONFIG} names {name}, which is not a causal language model (…ForCausalLM)")
    elif name is None and not isinstance(config.get("model_type"), str):
        problems.append(f"{CONFIG} names neither an architecture nor a model type")
    return config


def _read_json_object(files: ModelFiles, name: str) -> dict[str, Any]:
    size = files.size_bytes(name)
    if size == 0:
        raise DamagedFileError(f"{name} is empty")
    if size > MAX_JSON_BYTES:
        raise DamagedFileError(f"{name} is no settings file: it has {size:,} bytes")
    raw = files.read(name)
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise DamagedFileError(f"{name} is not JSON") from None
    if not isinstance(value, dict):
        raise DamagedFileError(f"{name} is not a JSON object")
    return value


def _read_weights(files: ModelFiles, names: list[str], problems: list[str]) -> tuple[dict[str, TensorInfo], int | None]:
    """All tensors, and the bytes of their files; in the order in which transformers looks for them."""
    try:
        if WEIGHTS in names:
            return files.read_header(WEIGHTS), files.size_bytes(WEIGHTS)
        if INDEX in names:
            return _read_shards(files, problems)
        raise DamagedFileError(_no_weights(names))
    except DamagedFileError as error:
        problems.append(str(error))
        return {}, None


def _read_shards(files: ModelFiles, problems: list[str]) -> tuple[dict[str, TensorInfo], int | None]:
    shards = _shards_of(files)
    tensors: dict[str, TensorInfo] = {}
    size_bytes, faults = 0, []
    for shard, names in shards.items():
        try:
            header = files.read_header(shard)
            size_bytes += files.size_bytes(shard)
        except DamagedFileError as error:
            faults.append(str(error))
            continue
        lacking = [name for name in names if name not in header]
        if lacking:
            faults.append(f"{shard} lacks {lacking[0]}, which {INDEX} promises")
        tensors |= header
    if faults:
        more = f" (and {len(faults) - 1} more of its {len(shards)} shards are damaged)" if len(faults) > 1 else ""
        problems.append(faults[0] + more)
    return tensors, size_bytes or None


def _shards_of(files: ModelFiles) -> dict[str, list[str]]:
    """The tensors of each shard that the index names. A name that leaves the folder is refused.

    Names are judged as they are written: in the hub's cache every file is a link out of its folder, and rightly so.
    """
    weight_map = _read_json_object(files, INDEX).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise DamagedFileError(f"{INDEX} names no shard")
    shards: dict[str, list[str]] = {}
    for tensor, shard in weight_map.items():
        if not isinstance(shard, str) or not shard.endswith(".safetensors"):
            raise DamagedFileError(f"{INDEX} names {shard!r}, which is not a safetensors file")
        if PurePosixPath(shard).is_absolute() or ".." in PurePosixPath(shard.replace("\\", "/")).parts:
            raise DamagedFileError(f"{INDEX} names {shard!r}, which lies outside the model's folder")
        shards.setdefault(shard, []).append(tensor)
    return shards


def _no_weights(names: list[str]) -> str:
    for pattern, what in _OTHER_WEIGHTS.items():
        for name in _matching(names, (pattern,)):
            return f"{name} holds {what}: only {WEIGHTS} can be used"
    return f"there are no weights: {WEIGHTS} is missing"


def _architecture(config: dict[str, Any]) -> str | None:
    names = config.get("architectures")
    return names[0] if isinstance(names, list) and names and isinstance(names[0], str) else None


def _context_length(config: dict[str, Any]) -> int | None:
    """From the config itself or, where a model has several parts, from that of its text part."""
    for part in (config, config.get("text_config")):
        if isinstance(part, dict):
            for key in _CONTEXT_KEYS:
                value = part.get(key)
                if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                    return value
    return None


def _declared_dtype(config: dict[str, Any]) -> Precision | None:
    name = config.get("dtype", config.get("torch_dtype"))
    return FLOAT_NAMES.get(name) if isinstance(name, str) else None


def _matching(names: Iterable[str], patterns: Iterable[str]) -> Iterator[str]:
    return (name for pattern in patterns for name in names if fnmatchcase(name, pattern))
