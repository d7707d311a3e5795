"""The reference against itself: its two paths' distributions, compared. Knows no candidate and no text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from quanttui.torch_engine.distributions import Distribution, distribution, kl_divergence, top
from quanttui.torch_engine.head import OutputHead
from quanttui.torch_engine.products import Buffers, Part, logits_of


@dataclass(frozen=True, slots=True)
class NoiseMeasured:
    """The reference against its other path, at the first ``len(kl)`` scored tokens, fp64 on the CPU.

    ``kl`` in nats; ``gap_change``: how far the gap between the reference's two first choices moved, nats.
    """

    kl: Tensor
    gap_change: Tensor


@dataclass(frozen=True, slots=True)
class OtherPath:
    """``states`` [up to scored, hidden] of the reference's decode path, or of its bf16 cast, whose head is the
    reference's rounded to ``rounding``."""

    states: Tensor
    rounding: torch.dtype | None = None

    def chunk(self, start: int, stop: int) -> OtherPath | None:
        """None past its end."""
        return OtherPath(self.states[start:stop], self.rounding) if start < len(self.states) else None


def compare_paths(p: Distribution, p_weights: Tensor, other_logits: Tensor, buffers: Buffers) -> NoiseMeasured:
    """``other_logits`` may end before ``p`` does: then so does what is known of the noise."""
    known = len(other_logits)
    p, scratch = p.first(known), buffers.get("scratch", known)
    other = distribution(other_logits, scratch)
    first_two = top(p, 2)
    ours, theirs = p.centered.gather(1, first_two).double(), other.centered.gather(1, first_two).double()
    change = (ours[:, 0] - ours[:, 1]) - (theirs[:, 0] - theirs[:, 1])
    return NoiseMeasured(kl_divergence(p, p_weights[:known], other, scratch).cpu(), change.abs().cpu())


def joined(chunks: Sequence[NoiseMeasured]) -> NoiseMeasured:
    return NoiseMeasured(torch.cat([chunk.kl for chunk in chunks]), torch.cat([chunk.gap_change for chunk in chunks]))


@torch.no_grad()
def measure_noise(states: Tensor, other: OtherPath, head: OutputHead, buffers: Buffers) -> NoiseMeasured:
    """Of one chunk, with no candidate beside it; the same bits as with one."""
    parts = [Part("reference", states, head), other_part(other, head, states.device)]
    logits, other_logits = logits_of(parts, buffers)
    measured = []
    for rows in buffers.blocks(len(other_logits)):
        weights = buffers.get("p", len(logits[rows]))
        p = distribution(logits[rows], weights)
        measured.append(compare_paths(p, weights, other_logits[rows], buffers))
    return joined(measured)


def other_part(other: OtherPath, head: OutputHead, device: torch.device) -> Part:
    return Part("other", other.states.to(device), head, other.rounding)
