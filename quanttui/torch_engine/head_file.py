"""A reference's output head on disk, known by its fingerprint. Knows no text and no states."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from quanttui.errors import UsageError
from quanttui.torch_engine.head import LogitTransform, OutputHead
from quanttui.torch_engine.tensor_file import damaged, read_tensors, tensor_bytes, write_tensors

_SHOWN = 32


def head_fingerprint(head: OutputHead) -> str | None:
    """Of all that decides its logits: equal fingerprints, equal logits, bit for bit. None: no plain matrix."""
    if head.weight is None:
        return None
    digest = hashlib.sha256(transform_text(head).encode())
    for tensor in (head.weight, head.bias):
        if tensor is not None:
            digest.update(f"{tensor.dtype} {list(tensor.shape)}".encode())
            digest.update(tensor_bytes(tensor))
    return digest.hexdigest()[:_SHOWN]


def transform_text(head: OutputHead) -> str:
    return json.dumps(asdict(head.transform))


def head_path(folder: Path, fingerprint: str) -> Path:
    return folder / f"head-{fingerprint}.safetensors"


@dataclass
class KnownHeads:
    """One model's own head, and at most one that was read from a file; each is hashed once, not at every text."""

    own: OutputHead
    own_fingerprint: str | None = field(init=False)
    _read: tuple[str, OutputHead] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.own_fingerprint = head_fingerprint(self.own)

    def keep(self, folder: Path) -> None:
        """Put the model's own head into ``folder`` where it is not there yet."""
        if self.own_fingerprint is None or head_path(folder, self.own_fingerprint).exists():
            return
        tensors = {"weight": self.own.weight, "bias": self.own.bias}
        there = {name: tensor for name, tensor in tensors.items() if tensor is not None}
        write_tensors(head_path(folder, self.own_fingerprint), there, {"transform": transform_text(self.own)})

    def find(self, folder: Path, fingerprint: str, device: torch.device) -> OutputHead:
        """The head of that fingerprint: the model's own, or else the one in ``folder``."""
        if fingerprint == self.own_fingerprint:
            return self.own
        if self._read is None or self._read[0] != fingerprint:
            self._read = (fingerprint, _read_head(head_path(folder, fingerprint), fingerprint, device))
        return self._read[1]


def _read_head(path: Path, fingerprint: str, device: torch.device) -> OutputHead:
    try:
        tensors, metadata = read_tensors(path)
    except FileNotFoundError:
        raise UsageError(
            "this variant's output head is not the reference's, and the reference's own was not kept with its side",
            "Let the reference read the text again and keep its head too (keep_head).",
        ) from None
    try:
        transform = LogitTransform(**json.loads(metadata["transform"]))
        head = OutputHead.of_weight(tensors["weight"].to(device), tensors.get("bias"), transform)
    except (KeyError, ValueError, TypeError):
        raise damaged(path, "it holds no output head") from None
    if head_fingerprint(head) != fingerprint:
        raise damaged(path, "it is not the head that its name says")
    return head
