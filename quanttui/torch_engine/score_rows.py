"""Turns measured columns into the records that leave the engine. Says what counts as a tie. Knows no model."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from quanttui.records import FlipKind, NoiseFloor, TokenColumns, TokenScore, TopToken
from quanttui.torch_engine.noise import NoiseMeasured
from quanttui.torch_engine.pair import Details, Measured
from quanttui.torch_engine.token_text import TokenTexts

NOISE_QUANTILE = 0.99
FLIP_KINDS = (FlipKind.NONE, FlipKind.TIE, FlipKind.REAL)
"""In the order of the numbers that stand for them in ``TokenColumns``."""


def noise_floor(noise: NoiseMeasured, kind: str) -> NoiseFloor:
    """Mean |KL| between the reference's two paths: rounding may leave a value a hair below zero."""
    return NoiseFloor(float(noise.kl.abs().mean()), kind, len(noise.kl))


def noise_by_position(noise: NoiseMeasured, positions: int) -> Tensor:
    """How far the reference's top-two gap moves by its own noise, in nats, at each position: [positions], fp64.

    The larger of what it moved by there and what it moved by at 99 of 100 positions of this text (the smallest
    observed value that so many do not exceed; of up to 100 positions the largest seen). The first alone would call a
    position quiet because its two paths agreed by chance once; the second keeps one outlier in a hundred from
    turning every flip of a long text into a tie.
    """
    usual = noise.gap_change.quantile(NOISE_QUANTILE, interpolation="higher")
    everywhere = usual.repeat(positions)
    everywhere[: len(noise.gap_change)].clamp_(min=noise.gap_change[:positions])
    return everywhere


def flips(measured: Measured, noise_nats: Tensor) -> Tensor:
    """Places in ``FLIP_KINDS``, uint8. NONE: both would take the same token. TIE: they differ, and the reference's gap
    between its first two choices is within its own noise, so that it might have chosen otherwise by itself. REAL: they
    differ beyond that."""
    differs = measured.p_first != measured.q_first
    return differs.to(torch.uint8) * (1 + (measured.gap > noise_nats).to(torch.uint8))


def token_columns(measured: Measured, noise: NoiseMeasured, token_ids: Sequence[int]) -> TokenColumns:
    """What ``token_scores`` holds that a sweep keeps: the same figures, packed."""
    return TokenColumns(
        tokens=len(token_ids),
        token_ids=_packed(torch.tensor(token_ids), "<i4"),
        kl=_packed(measured.kl, "<f8"),
        reference_probability=_packed(measured.p_of_token, "<f8"),
        candidate_probability=_packed(measured.q_of_token, "<f8"),
        reference_max_probability=_packed(measured.p_of_first, "<f8"),
        flips=_packed(flips(measured, noise_by_position(noise, len(token_ids))), "u1"),
    )


def token_scores(
    measured: Measured,
    details: Details,
    noise: NoiseMeasured,
    token_ids: Sequence[int],
    first_position: int,
    texts: TokenTexts,
) -> tuple[TokenScore, ...]:
    """One row a token; row i stands at ``first_position`` + i and is token ``token_ids[i]``."""
    noises = noise_by_position(noise, len(token_ids))
    return tuple(
        map(
            TokenScore,
            range(first_position, first_position + len(token_ids)),
            token_ids,
            map(texts.__getitem__, token_ids),
            measured.kl.tolist(),
            measured.p_of_token.tolist(),
            measured.q_of_token.tolist(),
            details.p_rank.tolist(),
            details.q_rank.tolist(),
            map(FLIP_KINDS.__getitem__, flips(measured, noises).tolist()),
            details.p_entropy.tolist(),
            measured.p_of_first.tolist(),
            measured.gap.tolist(),
            noises.tolist(),
            _top_tokens(details.p_top_ids, details.p_top, texts),
            _top_tokens(details.q_top_ids, details.q_top, texts),
        )
    )


def _top_tokens(ids: Tensor, probabilities: Tensor, texts: TokenTexts) -> list[tuple[TopToken, ...]]:
    """Of each row, best first."""
    return [
        tuple(map(TopToken, row_ids, map(texts.__getitem__, row_ids), row_probabilities))
        for row_ids, row_probabilities in zip(ids.tolist(), probabilities.tolist(), strict=True)
    ]


def _packed(column: Tensor, kind: str) -> bytes:
    return column.numpy().astype(kind).tobytes()
