"""A reference's and a candidate's states of one text, compared chunk by chunk. Knows no tokenizer and no record."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

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
from quanttui.torch_engine.reference_side import NoiseMeasured, ReferenceSide


@dataclass(frozen=True, slots=True)
class Measured:
    """Columns of ``positions`` rows, on the CPU; probabilities and nats in fp64. p: reference, q: candidate."""

    kl: Tensor
    p_of_token: Tensor
    q_of_token: Tensor
    p_rank: Tensor
    q_rank: Tensor
    p_entropy: Tensor
    gap: Tensor
    p_top_ids: Tensor
    p_top: Tensor
    q_top_ids: Tensor
    q_top: Tensor


@dataclass
class Pair:
    """``head`` and ``states`` are the candidate's; ``side`` and ``reference_head`` the reference's. ``measure`` goes
    over the text from its start; afterwards ``measured`` and ``noise`` cover all of it."""

    side: ReferenceSide
    reference_head: OutputHead
    head: OutputHead
    states: Tensor
    top_k: int
    _chunks: list[Measured] = field(default_factory=list, init=False)
    _noise: list[NoiseMeasured] = field(default_factory=list, init=False)
    _buffers: dict[str, Tensor] = field(default_factory=dict, init=False)

    @torch.no_grad()
    def measure(self, start: int, stop: int) -> None:
        """Positions [start, stop). Raises MeasurementError where a logit of any of the models is not finite."""
        reference, candidate, other = self._logits(start, stop)
        p = distribution(reference, self._buffer("p", stop - start))
        p_top_ids = top(p, max(self.top_k, 2))
        if other is not None:
            self._noise.append(self._measure_noise(p, other, p_top_ids))
        first = self.side.first_scored
        token_ids = torch.tensor(self.side.token_ids[first + start : first + stop], device=reference.device)
        q = distribution(candidate, self._buffer("q", stop - start))
        self._chunks.append(self._measure(p, q, token_ids, p_top_ids))

    def measured(self) -> Measured:
        columns = (torch.cat([getattr(chunk, column.name) for chunk in self._chunks]) for column in fields(Measured))
        return Measured(*columns)

    def noise(self) -> NoiseMeasured:
        """Of the reference: measured with its first candidate, and its other states are let go of then."""
        if self.side.noise is None:
            kl = torch.cat([chunk.kl for chunk in self._noise])
            self.side.noise = NoiseMeasured(kl, torch.cat([chunk.gap_change for chunk in self._noise]))
            self.side.other_states = None
        return self.side.noise

    def _logits(self, start: int, stop: int) -> tuple[Tensor, Tensor, Tensor | None]:
        """The reference's, the candidate's and, until the noise is known, the reference's by its other path."""
        theirs = self.states[start:stop]
        ours = self.side.states[start:stop].to(theirs.device)  # elsewhere where a model lies over several GPUs
        other = ours[:0] if self.side.other_states is None else self.side.other_states[start:stop].to(theirs.device)
        rounding = self.side.other_rounding
        if rounding is not None and len(other):
            return *self._both(ours, theirs), self.reference_head.logits(other, rounding)
        together, candidate = self._both(torch.cat([ours, other]), theirs)
        return together[: len(ours)], candidate, together[len(ours) :] if len(other) else None

    def _both(self, ours: Tensor, theirs: Tensor) -> tuple[Tensor, Tensor]:
        """One product where the heads are one: its weight is upcast once for both."""
        if self.reference_head is self.head and ours.dtype == theirs.dtype:
            rows = len(ours) + len(theirs)
            logits = self.head.logits(torch.cat([ours, theirs]), out=self._buffer("logits", rows))
            return logits[: len(ours)], logits[len(ours) :]
        return self.reference_head.logits(ours), self.head.logits(theirs)

    def _measure(self, p: Distribution, q: Distribution, token_ids: Tensor, p_top_ids: Tensor) -> Measured:
        rows = len(token_ids)
        scratch = self._buffer("scratch", rows)
        q_top_ids = top(q, self.top_k)
        p_top = ln_probability(p, p_top_ids)
        columns = (
            kl_divergence(p, q, (scratch, self._buffer("second scratch", rows))),
            ln_probability(p, token_ids[:, None])[:, 0].exp(),
            ln_probability(q, token_ids[:, None])[:, 0].exp(),
            rank(p, token_ids, scratch),
            rank(q, token_ids, scratch),
            entropy(p, scratch),
            p_top[:, 0] - p_top[:, 1],
            p_top_ids[:, : self.top_k],
            p_top[:, : self.top_k].exp(),
            q_top_ids,
            ln_probability(q, q_top_ids).exp(),
        )
        return Measured(*(column.cpu() for column in columns))

    def _measure_noise(self, p: Distribution, other_logits: Tensor, p_top_ids: Tensor) -> NoiseMeasured:
        """``other_logits`` may end before ``p`` does: then so does what is known of the noise."""
        known = len(other_logits)
        other = distribution(other_logits, self._buffer("q", known))
        first_two = p_top_ids[:known, :2]
        ours, theirs = p.logits[:known].gather(1, first_two).double(), other_logits.gather(1, first_two).double()
        change = (ours[:, 0] - ours[:, 1]) - (theirs[:, 0] - theirs[:, 1])
        scratch = self._buffer("scratch", known), self._buffer("second scratch", known)
        return NoiseMeasured(kl_divergence(p.first(known), other, scratch).cpu(), change.abs().cpu())

    def _buffer(self, name: str, rows: int) -> Tensor:
        """[rows, vocabulary] in fp32, the same memory for every chunk: fresh memory costs a page fault every 4 KiB."""
        buffer = self._buffers.get(name)
        if buffer is None or len(buffer) < rows:
            buffer = self.states.new_empty(rows, self.head.vocab_size, dtype=torch.float32)
            self._buffers[name] = buffer
        return buffer[:rows]
