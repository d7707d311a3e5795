"""A reference's side of one text on disk: states and measured noise, no logits. Knows no candidate.

The file outlives the process that wrote it. What it was made from (weights, variant, device, versions) is the concern
of whoever names it; here it must be whole, and of the very text that is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from quanttui.errors import UsageError
from quanttui.torch_engine.head import OutputHead
from quanttui.torch_engine.head_file import transform_text
from quanttui.torch_engine.noise import NoiseMeasured
from quanttui.torch_engine.reference_side import ReferenceSide
from quanttui.torch_engine.states import Window
from quanttui.torch_engine.tensor_file import damaged, read_tensors, write_tensors

_FORMAT = "quanttui side 1"


@dataclass(frozen=True, slots=True)
class StoredSide:
    """``head``: the fingerprint of the head that belongs to it."""

    side: ReferenceSide
    head: str
    vocab_size: int


def write_side(path: Path, side: ReferenceSide, head: OutputHead, fingerprint: str | None) -> None:
    """As ``write_tensors``. ``side.noise`` has to be measured."""
    assert side.noise is not None
    if fingerprint is None:
        raise UsageError(
            "this model's output head is no plain matrix, so its side of a text cannot be kept in a file",
            "Compare its variants one run at a time.",
        )
    metadata = {
        "format": _FORMAT,
        "first_scored": str(side.first_scored),
        "noise_kind": side.noise_kind,
        "tokenizer": side.tokenizer_fingerprint,
        "head": fingerprint,
        "transform": transform_text(head),
        "vocab_size": str(head.vocab_size),
    }
    write_tensors(path, _tensors(side, side.noise), metadata)


def read_side(path: Path) -> StoredSide:
    """Raises UsageError where nothing is at ``path``, MeasurementError where it is not what was written."""
    try:
        tensors, metadata = read_tensors(path)
    except FileNotFoundError:
        raise UsageError(
            f"the reference's side of this text is not at {path}, so there is nothing to compare with",
            "Score the reference first.",
        ) from None
    if metadata.get("format") != _FORMAT:
        raise damaged(path, "another version of quanttui wrote it")
    try:
        return StoredSide(_side(tensors, metadata), metadata["head"], int(metadata["vocab_size"]))
    except (KeyError, ValueError, TypeError, RuntimeError):
        raise damaged(path, "it does not hold what it should") from None


def _tensors(side: ReferenceSide, noise: NoiseMeasured) -> dict[str, Tensor]:
    read = [token_id for window in side.windows for token_id in window.token_ids]
    return {
        "states": side.states,
        "token_ids": torch.tensor(side.token_ids, dtype=torch.int32),
        "window_token_ids": torch.tensor(read, dtype=torch.int32),
        "windows": torch.tensor([(len(window.token_ids), window.scored) for window in side.windows]),
        "noise_kl": noise.kl,
        "noise_gap_change": noise.gap_change,
    }


def _side(tensors: dict[str, Tensor], metadata: dict[str, str]) -> ReferenceSide:
    lengths, scored = tensors["windows"].T.tolist()
    read = tensors["window_token_ids"].split(lengths)
    return ReferenceSide(
        token_ids=tuple(tensors["token_ids"].tolist()),
        first_scored=int(metadata["first_scored"]),
        windows=[Window(tuple(ids.tolist()), count) for ids, count in zip(read, scored, strict=True)],
        states=tensors["states"],
        other=None,
        noise_kind=metadata["noise_kind"],
        tokenizer_fingerprint=metadata["tokenizer"],
        noise=NoiseMeasured(tensors["noise_kl"], tensors["noise_gap_change"]),
    )
