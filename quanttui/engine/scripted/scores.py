"""Scores that look like measured ones: small distributions, disturbed by seeded noise, and measured honestly.

Each position has eight tokens and a rest; the candidate's logits are the reference's plus Gaussian noise of
log-normal size. KL, ranks and flips are computed from these two distributions, so they agree with each other.
"""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from quanttui.records import FlipKind, TokenScore, TopToken

_NOISE_NATS = 0.02
_MIN_CHOICES = 8


@dataclass(frozen=True, slots=True)
class Position:
    """What stands at a position, and what the candidate would rather say there (None: the same)."""

    index: int
    token_id: int
    text: str
    rather: tuple[int, str] | None = None


def score_position(
    at: Position, spelling: str, logit_noise: float, others: Sequence[tuple[int, str]], top_k: int
) -> TokenScore:
    """A deterministic score of one position. ``others``: (id, text) of tokens that fill the lists."""
    draw = random.Random(zlib.crc32(f"{spelling}/{at.index}/{at.token_id}".encode()))
    choices = _choices(at, draw, others, max(top_k, _MIN_CHOICES))
    p = _reference(draw, len(choices), close=at.rather is not None)
    q = _candidate(draw, p, logit_noise, swap=at.rather is not None)
    kl = math.fsum(a * (math.log(a) - math.log(b)) for a, b in zip(p, q, strict=True))
    gap = math.log(p[0]) - math.log(p[1])
    return TokenScore(
        position=at.index,
        token_id=at.token_id,
        text=at.text,
        kl_divergence=max(kl, 0.0),
        reference_probability=p[0],
        candidate_probability=q[0],
        reference_rank=1,
        candidate_rank=1 + sum(b > q[0] for b in q[:-1]),
        flip=_flip(q, gap),
        reference_entropy_nats=-math.fsum(a * math.log(a) for a in p),
        reference_max_probability=p[0],
        top_two_gap_nats=gap,
        noise_nats=_NOISE_NATS,
        reference_top=_top(choices, p, top_k),
        candidate_top=_top(choices, q, top_k),
    )


def _choices(at: Position, draw: random.Random, others: Sequence[tuple[int, str]], count: int) -> list[tuple[int, str]]:
    first = [(at.token_id, at.text), *([at.rather] if at.rather else [])]
    rest = [other for other in others if other not in first]
    return first + draw.sample(rest, min(count - len(first), len(rest)))


def _reference(draw: random.Random, count: int, *, close: bool) -> list[float]:
    """``count`` falling probabilities and the rest of the vocabulary's, all above 0. The first two are close or not."""
    fall = draw.uniform(0.05, 0.3) if close else draw.lognormvariate(0.3, 0.9) + 0.01
    weights = [math.exp(-fall if rank else 0.0) * 0.6 ** max(rank - 1, 0) for rank in range(count)]
    weights.append(draw.uniform(0.02, 0.2) * weights[1])
    return _normalized(weights)


def _candidate(draw: random.Random, p: list[float], logit_noise: float, *, swap: bool) -> list[float]:
    size = logit_noise * draw.lognormvariate(-0.5, 0.8)
    q = _normalized([a * math.exp(draw.gauss(0.0, size)) for a in p])
    if swap and q[0] >= q[1]:
        q[0], q[1] = q[1] / (1 + logit_noise), q[0] * (1 + logit_noise)
    return _normalized(q)


def _normalized(weights: list[float]) -> list[float]:
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def _flip(q: list[float], gap: float) -> FlipKind:
    if q[0] >= max(q[:-1]):
        return FlipKind.NONE
    return FlipKind.TIE if gap <= _NOISE_NATS else FlipKind.REAL


def _top(choices: list[tuple[int, str]], probabilities: list[float], top_k: int) -> tuple[TopToken, ...]:
    tokens = [TopToken(*choice, share) for choice, share in zip(choices, probabilities, strict=False)]
    return tuple(sorted(tokens, key=lambda token: -token.probability)[:top_k])
