"""Turns measured columns into the records that leave the engine. Says what counts as a tie. Knows no model."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from quanttui.records import FlipKind, NoiseFloor, TokenScore, TopToken
from quanttui.torch_engine.pair import Measured
from quanttui.torch_engine.reference_side import NoiseMeasured
from quanttui.torch_engine.token_text import TokenTexts

NOISE_QUANTILE = 0.99


def noise_floor(noise: NoiseMeasured, kind: str) -> NoiseFloor:
    """Mean |KL| between the reference's two paths: rounding may leave a value a hair below zero."""
    return NoiseFloor(float(noise.kl.abs().mean()), kind, len(noise.kl))


def noise_by_position(noise: NoiseMeasured, positions: int) -> list[float]:
    """How far the reference's top-two gap moves by its own noise, in nats, at each position.

    The larger of what it moved by there and what it moved by at 99 of 100 positions of this text (the smallest
    observed value that so many do not exceed; of up to 100 positions the largest seen). The first alone would call a
    position quiet because its two paths agreed by chance once; the second keeps one outlier in a hundred from
    turning every flip of a long text into a tie.
    """
    usual = float(noise.gap_change.quantile(NOISE_QUANTILE, interpolation="higher"))
    own = noise.gap_change.tolist()
    return [max(usual, own[position]) if position < len(own) else usual for position in range(positions)]


def flip_kind(reference_first: int, candidate_first: int, gap_nats: float, noise_nats: float) -> FlipKind:
    """NONE: both would take the same token. TIE: they differ, and the reference's gap between its first two choices
    is within its own noise, so that it might have chosen otherwise by itself. REAL: they differ beyond that."""
    if reference_first == candidate_first:
        return FlipKind.NONE
    return FlipKind.TIE if gap_nats <= noise_nats else FlipKind.REAL


def token_scores(
    measured: Measured, noise: NoiseMeasured, token_ids: Sequence[int], first_position: int, texts: TokenTexts
) -> tuple[TokenScore, ...]:
    """One row a token; row i stands at ``first_position`` + i and is token ``token_ids[i]``."""
    reference_top = _top_tokens(measured.p_top_ids, measured.p_top, texts)
    candidate_top = _top_tokens(measured.q_top_ids, measured.q_top, texts)
    gaps = measured.gap.tolist()
    noises = noise_by_position(noise, len(token_ids))
    rows = zip(
        token_ids,
        measured.kl.tolist(),
        measured.p_of_token.tolist(),
        measured.q_of_token.tolist(),
        measured.p_rank.tolist(),
        measured.q_rank.tolist(),
        measured.p_entropy.tolist(),
        strict=True,
    )
    return tuple(
        TokenScore(
            position=first_position + index,
            token_id=token_id,
            text=texts[token_id],
            kl_divergence=kl,
            reference_probability=p,
            candidate_probability=q,
            reference_rank=p_rank,
            candidate_rank=q_rank,
            flip=flip_kind(
                reference_top[index][0].token_id, candidate_top[index][0].token_id, gaps[index], noises[index]
            ),
            reference_entropy_nats=p_entropy,
            reference_max_probability=reference_top[index][0].probability,
            top_two_gap_nats=gaps[index],
            noise_nats=noises[index],
            reference_top=reference_top[index],
            candidate_top=candidate_top[index],
        )
        for index, (token_id, kl, p, q, p_rank, q_rank, p_entropy) in enumerate(rows)
    )


def _top_tokens(ids: Tensor, probabilities: Tensor, texts: TokenTexts) -> list[tuple[TopToken, ...]]:
    """Of each row, best first."""
    return [
        tuple(map(TopToken, row_ids, map(texts.__getitem__, row_ids), row_probabilities))
        for row_ids, row_probabilities in zip(ids.tolist(), probabilities.tolist(), strict=True)
    ]
