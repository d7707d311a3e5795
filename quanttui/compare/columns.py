"""Scores of one candidate as columns, one value a token in text order, for what is compared token by token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quanttui.errors import MeasurementError
from quanttui.records import FlipKind, Score, Variant


@dataclass(frozen=True, slots=True, eq=False)
class CandidateColumns:
    """``kl``: float64 (tokens,), nats. ``same_top``: bool (tokens,). ``token_ids``: int64 (tokens,), to see that two
    candidates were scored on the same text. ``parts``: tokens of each text, or of each window of a text that was read
    in several. ``noise_floor``: the reference's own, nats."""

    variant: Variant
    kl: NDArray[np.float64]
    same_top: NDArray[np.bool_]
    token_ids: NDArray[np.int64]
    parts: tuple[int, ...]
    noise_floor: float


def columns_of(variant: Variant, scores: Sequence[Score]) -> CandidateColumns:
    """``scores``: the texts, in the order in which every candidate of the sweep was scored on them.

    Raises MeasurementError where there is no token, or a figure is not finite.
    """
    tokens = [token for score in scores for token in score.tokens]
    if not tokens:
        raise MeasurementError(f"no token was scored of {variant}, so there is nothing to compare")
    kl = np.array([token.kl_divergence for token in tokens], dtype=np.float64)
    floors = [(score.noise_floor.mean, score.noise_floor.tokens) for score in scores if score.tokens]
    floor = sum(mean * weight for mean, weight in floors) / max(1, sum(weight for _, weight in floors))
    if not np.isfinite(kl).all() or not np.isfinite(floor):
        raise MeasurementError(f"a score of {variant} is NaN or infinite, so no comparison would mean anything")
    return CandidateColumns(
        variant,
        kl,
        np.array([token.flip is FlipKind.NONE for token in tokens]),
        np.array([token.token_id for token in tokens], dtype=np.int64),
        tuple(length for score in scores for length in (score.windows or (len(score.tokens),)) if length),
        floor,
    )
