"""Scores made of plain numbers, for what sums them up."""

from __future__ import annotations

from quanttui.records import FlipKind, NoiseFloor, Score, TokenScore

KIND = "bf16 decode vs prefill"


def token(position=0, kl=0.01, p=0.5, q=0.45, flip=FlipKind.NONE, max_p=0.6):
    return TokenScore(
        position=position,
        token_id=7,
        text=" king",
        kl_divergence=kl,
        reference_probability=p,
        candidate_probability=q,
        reference_rank=1,
        candidate_rank=1,
        flip=flip,
        reference_entropy_nats=1.0,
        reference_max_probability=max_p,
        top_two_gap_nats=0.3,
        noise_nats=0.01,
        reference_top=(),
        candidate_top=(),
    )


def score(tokens, floor=1e-3, kind=KIND, floor_tokens=None, windows=()):
    tokens = tuple(tokens)
    return Score(tokens, NoiseFloor(floor, kind, floor_tokens or len(tokens)), 64, 0.1, windows)


def score_of(kls, **options):
    return score((token(index, kl=float(kl)) for index, kl in enumerate(kls)), **options)
