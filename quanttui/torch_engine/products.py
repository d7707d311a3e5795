"""Logits of several stretches of states at once, in buffers that are used again. Knows no text and no measure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from quanttui.torch_engine.head import OutputHead

BLOCK_ELEMENTS = 2**20


def block_rows(vocab_size: int) -> int:
    """Positions that are measured at once: few enough that their buffers stay in a CPU's cache."""
    return max(1, BLOCK_ELEMENTS // vocab_size)


class Buffers:
    """By name, [rows, vocabulary] in fp32: fresh memory costs a page fault every 4 KiB."""

    def __init__(self, vocab_size: int, device: torch.device) -> None:
        self._vocab_size = vocab_size
        self._device = device
        self._kept: dict[str, Tensor] = {}

    def get(self, name: str, rows: int) -> Tensor:
        buffer = self._kept.get(name)
        if buffer is None or len(buffer) < rows:
            buffer = self._kept[name] = torch.empty(rows, self._vocab_size, dtype=torch.float32, device=self._device)
        return buffer[:rows]

    @property
    def held_bytes(self) -> int:
        return sum(buffer.nbytes for buffer in self._kept.values())

    def blocks(self, rows: int) -> Iterator[slice]:
        """``rows`` rows, a block at a time."""
        step = block_rows(self._vocab_size)
        return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


@dataclass(frozen=True, slots=True)
class Part:
    """``states`` [tokens, hidden] and the head they go through, as if cast to ``rounding``; ``name`` of the buffer."""

    name: str
    states: Tensor
    head: OutputHead
    rounding: torch.dtype | None = None


def logits_of(parts: Sequence[Part], buffers: Buffers) -> list[Tensor]:
    """Of each part, fp32. Parts of one head share its upcasting; each is multiplied by itself, so that its bits do not
    depend on which others are there."""
    groups: dict[tuple[int, torch.dtype, torch.dtype | None], list[Part]] = {}
    for part in parts:
        groups.setdefault((id(part.head), part.states.dtype, part.rounding), []).append(part)
    logits: dict[str, Tensor] = {}
    for (_, _, rounding), group in groups.items():
        outs = [buffers.get(f"{part.name} logits", len(part.states)) for part in group]
        made = group[0].head.logits_of_each([part.states for part in group], outs, rounding)
        logits.update(zip((part.name for part in group), made, strict=True))
    return [logits[part.name] for part in parts]
