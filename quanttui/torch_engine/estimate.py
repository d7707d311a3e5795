"""What a load would take, before it: joins the planned weights, the walk over a text, and what loading itself does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from quanttui.records import EstimateRequest, MemoryEstimate
from quanttui.torch_engine.blueprint import Blueprint, draw_blueprint
from quanttui.torch_engine.checkpoint import Checkpoint, peek_checkpoint
from quanttui.torch_engine.dtypes import TORCH_DTYPES
from quanttui.torch_engine.mapped_pages import CAN_DROP
from quanttui.torch_engine.planned import FullWeight, PlannedWeights, plan_weights
from quanttui.torch_engine.score import scoring_buffer_bytes
from quanttui.torch_engine.stored import request_dtype
from quanttui.torch_engine.walk import Walked, walk

_FP16_BYTES = 2


@dataclass(frozen=True)
class _Walk:
    """``walked`` belongs to a text of ``tokens`` and to nothing else."""

    key: tuple[object, ...]
    tokens: int
    vocab_size: int
    hidden_size: int
    head_bytes: int
    walked: Walked | None


class Estimator:
    """Answers for one engine. Remembers its last walk: variants of one model differ in their weights alone."""

    def __init__(self, device: torch.device, context_bytes: int) -> None:
        self._device = device
        self._context_bytes = context_bytes
        self._walk: _Walk | None = None

    def estimate(self, request: EstimateRequest) -> MemoryEstimate:
        """Follows the contract of ``Engine.estimate``."""
        load = request.load
        checkpoint = peek_checkpoint(load.path)
        weights = plan_weights(checkpoint, load)
        dtype = request_dtype(load, checkpoint)
        way = self._walked(checkpoint, dtype, request.tokens)
        scratch = _layer_scratch(weights, way.tokens, self._device)
        is_reference = load.variant.precision is load.reference_dtype
        states = way.tokens * way.hidden_size * dtype.itemsize
        scoring = scoring_buffer_bytes(way.vocab_size, way.hidden_size) + states if request.score else 0
        return MemoryEstimate(
            variant=load.variant,
            device=str(self._device),
            tokens=way.tokens,
            weights_bytes=weights.parameter_bytes,
            kv_cache_bytes=way.walked.kv_cache_bytes if way.walked else None,
            activation_bytes=way.walked.activation_bytes + scratch if way.walked else None,
            scoring_bytes=scoring,
            kept_bytes=way.head_bytes + 2 * states if request.score and not is_reference else 0,
            load_peak_bytes=weights.parameter_bytes + _load_extra(weights),
            context_bytes=self._context_bytes,
            mapped_bytes=_mapped_bytes(checkpoint, weights, dtype) if self._device.type == "cpu" else 0,
        )

    def _walked(self, checkpoint: Checkpoint, dtype: torch.dtype, tokens: int) -> _Walk:
        config = checkpoint.folder / "config.json"
        key = (str(checkpoint.folder), config.stat().st_mtime_ns, dtype, tokens)
        if self._walk is None or self._walk.key != key:
            self._walk = _walk_along(key, draw_blueprint(checkpoint, dtype), tokens)
        return self._walk


def _walk_along(key: tuple[object, ...], blueprint: Blueprint, tokens: int) -> _Walk:
    tokens = max(1, min(tokens, blueprint.context_length or tokens))
    head = blueprint.model.get_output_embeddings()
    text_config = blueprint.config.get_text_config(decoder=True)
    return _Walk(
        key=key,
        tokens=tokens,
        vocab_size=int(text_config.vocab_size),
        hidden_size=int(getattr(text_config, "hidden_size", 0) or 0),
        head_bytes=sum(parameter.nbytes for parameter in head.parameters()) if head is not None else 0,
        walked=walk(blueprint.model, tokens),
    )


def _load_extra(weights: PlannedWeights) -> int:
    """What loading needs beside the weights at its worst.

    Weights are quantized one after the other, so the largest in full is what counts: in the dtype it is read in, and
    for int8 as a copy in fp16 too.
    What is saved quantized needs none of that, but lies there whole before it is dequantized: at most half of it.
    What is not quantized goes straight to its place, but for experts that are merged while their parts still lie there.
    """
    if weights.is_stored:
        return 0 if weights.quantized else weights.parameter_bytes // 2
    copy_itemsize = _FP16_BYTES if weights.is_int8 else 0
    largest = max((_in_full(weight) + weight.elements * copy_itemsize for weight in weights.quantized), default=0)
    return max(largest, weights.merged_bytes)


def _in_full(weight: FullWeight) -> int:
    return weight.elements * weight.itemsize


def _layer_scratch(weights: PlannedWeights, tokens: int, device: torch.device) -> int:
    """What the largest quantized layer makes in one forward pass beside its output.

    4-bit: the weight in full, where many rows come at once. int8: the rows in fp16 and int8, their products in int32
    and in fp16; on a CPU, where torch's int8 product repacks its weights, as much memory as all of them take was seen
    to stay in use after the first tokens, and as much again while a longer text was read.
    """
    if not weights.is_int8:
        return max((_in_full(weight) for weight in weights.quantized), default=0)
    rows = (tokens * (3 * weight.in_features + 6 * weight.out_features) for weight in weights.quantized)
    repacked = 2 * sum(weight.elements for weight in weights.quantized) if device.type == "cpu" else 0
    return max(rows, default=0) + repacked


def _mapped_bytes(checkpoint: Checkpoint, weights: PlannedWeights, dtype: torch.dtype) -> int:
    """Pages of the files beside the weights: none, where a load can let go of them (``mapped_pages``). Weights that
    are read as they are stored are pages of the files."""
    if CAN_DROP:
        return 0
    stored = TORCH_DTYPES.get(checkpoint.dtype) if checkpoint.dtype else None
    names = set(checkpoint.files.values())
    file_bytes = sum((Path(checkpoint.folder) / name).stat().st_size for name in names)
    return max(0, file_bytes - (weights.plain_bytes if stored is dtype else 0))
