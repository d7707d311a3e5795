"""Scores of one candidate as columns, one value a token in text order, for what is compared token by token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quanttui.compare.arrays import arrays_of, lengths_of, scored_tokens
from quanttui.errors import MeasurementError
from quanttui.records import Score, Variant


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
    tokens = arrays_of(scores)
    if not len(tokens):
        raise MeasurementError(f"no token was scored of {variant}, so there is nothing to compare")
    floors = [(score.noise_floor.mean, score.noise_floor.tokens) for score in scores if scored_tokens(score)]
    floor = sum(mean * weight for mean, weight in floors) / max(1, sum(weight for _, weight in floors))
    if not np.isfinite(tokens.kl).all() or not np.isfinite(floor):
        raise MeasurementError(f"a score of {variant} is NaN or infinite, so no comparison would mean anything")
    parts = tuple(length for score in scores for length in lengths_of(score))
    return CandidateColumns(variant, tokens.kl, tokens.same_top, tokens.token_ids.astype(np.int64), parts, floor)


def in_common(first: CandidateColumns, second: CandidateColumns) -> tuple[CandidateColumns, CandidateColumns]:
    """Both, as far as the one that was scored on less goes: a sweep's candidates take its texts in one order.

    Raises MeasurementError where they were scored on different tokens.
    """
    parts = min(first.parts, second.parts, key=len)
    ours, theirs = _beginning(first, len(parts)), _beginning(second, len(parts))
    if ours.parts != theirs.parts or not np.array_equal(ours.token_ids, theirs.token_ids):
        raise MeasurementError(
            f"{first.variant} and {second.variant} were scored on different tokens, so they cannot be paired"
        )
    return ours, theirs


def _beginning(columns: CandidateColumns, parts: int) -> CandidateColumns:
    if parts == len(columns.parts):
        return columns
    kept = columns.parts[:parts]
    stop = sum(kept)
    kl, same_top, token_ids = columns.kl[:stop], columns.same_top[:stop], columns.token_ids[:stop]
    return replace(columns, kl=kl, same_top=same_top, token_ids=token_ids, parts=kept)
