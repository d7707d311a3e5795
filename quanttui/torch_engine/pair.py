"""A reference's and a candidate's states of one text, compared chunk by chunk. Knows no tokenizer and no record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TypeVar

import torch
from torch import Tensor

from quanttui.torch_engine.distributions import (
    Distribution,
    distribution,
    entropy,
    kl_divergence,
    ln_probability,
    rank,
    top,
)
from quanttui.torch_engine.head import OutputHead
from quanttui.torch_engine.noise import NoiseMeasured, compare_paths, joined, other_part
from quanttui.torch_engine.products import Buffers, Part, logits_of
from quanttui.torch_engine.reference_side import ReferenceSide

Columns = TypeVar("Columns", "Measured", "Details")


@dataclass(frozen=True, slots=True)
class Measured:
    """Columns of ``positions`` rows, on the CPU; probabilities and nats in fp64. p: reference, q: candidate.

    ``gap``: ln p of its first choice less that of its second.
    """

    kl: Tensor
    p_of_token: Tensor
    q_of_token: Tensor
    p_first: Tensor
    q_first: Tensor
    p_of_first: Tensor
    gap: Tensor


@dataclass(frozen=True, slots=True)
class Details:
    """What a reader of single tokens wants beside ``Measured``: ranks, entropy, the lists of likely tokens."""

    p_rank: Tensor
    q_rank: Tensor
    p_entropy: Tensor
    p_top_ids: Tensor
    p_top: Tensor
    q_top_ids: Tensor
    q_top: Tensor


@dataclass
class Pair:
    """``head`` and ``states`` are the candidate's; ``side`` and ``reference_head`` the reference's. ``measure`` goes
    over the text from its start; afterwards ``measured``, ``details`` and ``noise`` cover all of it.

    ``top_k`` 0: no details.
    """

    side: ReferenceSide
    reference_head: OutputHead
    head: OutputHead
    states: Tensor
    top_k: int
    buffers: Buffers
    _measured: list[Measured] = field(default_factory=list, init=False)
    _details: list[Details] = field(default_factory=list, init=False)
    _noise: list[NoiseMeasured] = field(default_factory=list, init=False)

    @torch.no_grad()
    def measure(self, start: int, stop: int) -> None:
        """Positions [start, stop). Raises MeasurementError where a logit of any of the models is not finite."""
        reference, candidate, other = self._logits(start, stop)
        token_ids = self._token_ids(start, stop)
        for rows in self.buffers.blocks(stop - start):
            weights = self.buffers.get("p", len(reference[rows]))
            p = distribution(reference[rows], weights)
            if other is not None and rows.start < len(other):
                self._noise.append(compare_paths(p, weights, other[rows], self.buffers))
            self._compare(p, weights, candidate[rows], token_ids[rows])

    def measured(self) -> Measured:
        return _joined(self._measured)

    def details(self) -> Details:
        return _joined(self._details)

    def noise(self) -> NoiseMeasured:
        """Of the reference: measured with its first candidate, and its other states are let go of then."""
        if self.side.noise is None:
            self.side.noise = joined(self._noise)
            self.side.other = None
        return self.side.noise

    def _token_ids(self, start: int, stop: int) -> Tensor:
        first = self.side.first_scored
        return torch.tensor(self.side.token_ids[first + start : first + stop], device=self.states.device)

    def _logits(self, start: int, stop: int) -> tuple[Tensor, Tensor, Tensor | None]:
        """The reference's, the candidate's and, until the noise is known, the reference's by its other path."""
        theirs = self.states[start:stop]
        ours = self.side.states[start:stop].to(theirs.device)  # elsewhere where a model lies over several GPUs
        parts = [Part("reference", ours, self.reference_head), Part("candidate", theirs, self.head)]
        other = self.side.other_chunk(start, stop)
        if other is not None:
            parts.append(other_part(other, self.reference_head, theirs.device))
        reference, candidate, *rest = logits_of(parts, self.buffers)
        return reference, candidate, rest[0] if rest else None

    def _compare(self, p: Distribution, p_weights: Tensor, candidate: Tensor, token_ids: Tensor) -> None:
        scratch = self.buffers.get("scratch", len(token_ids))
        q = distribution(candidate, scratch)
        p_top_ids, q_top_ids = top(p, max(self.top_k, 2)), top(q, max(self.top_k, 1))
        p_top = ln_probability(p, p_top_ids)
        columns = (
            kl_divergence(p, p_weights, q, scratch),
            ln_probability(p, token_ids[:, None])[:, 0].exp(),
            ln_probability(q, token_ids[:, None])[:, 0].exp(),
            p_top_ids[:, 0],
            q_top_ids[:, 0],
            p_top[:, 0].exp(),
            p_top[:, 0] - p_top[:, 1],
        )
        self._measured.append(Measured(*(column.cpu() for column in columns)))
        if not self.top_k:
            return
        details = (
            rank(p, token_ids, scratch),
            rank(q, token_ids, scratch),
            entropy(p, p_weights, scratch),
            p_top_ids[:, : self.top_k],
            p_top[:, : self.top_k].exp(),
            q_top_ids,
            ln_probability(q, q_top_ids).exp(),
        )
        self._details.append(Details(*(column.cpu() for column in details)))


def _joined(chunks: Sequence[Columns]) -> Columns:
    kind = type(chunks[0])
    return kind(*(torch.cat([getattr(chunk, column.name) for chunk in chunks]) for column in fields(kind)))
