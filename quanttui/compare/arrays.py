"""The scored tokens of texts as arrays, whether they came as rows or as packed columns. Knows records and NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from quanttui.records import FlipKind, Score, TokenColumns, TokenScore

FLIP_CODES = {FlipKind.NONE: 0, FlipKind.TIE: 1, FlipKind.REAL: 2}

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TokenArrays:
    """One value a token, in text order. ``p``, ``q``: what reference and candidate give the token that stands there;
    ``max_p``: the reference's largest probability. ``flips``: uint8, codes as in ``FLIP_CODES``."""

    token_ids: NDArray[np.int32]
    kl: Floats
    p: Floats
    q: Floats
    max_p: Floats
    flips: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.kl)

    @property
    def same_top(self) -> NDArray[np.bool_]:
        same: NDArray[np.bool_] = self.flips == FLIP_CODES[FlipKind.NONE]
        return same


def scored_tokens(score: Score) -> int:
    return score.columns.tokens if score.columns is not None else len(score.tokens)


def lengths_of(score: Score) -> tuple[int, ...]:
    """Tokens of the text, or of each of its windows where it was read in several; no part is empty."""
    return tuple(length for length in (score.windows or (scored_tokens(score),)) if length)


def arrays_of(scores: Sequence[Score]) -> TokenArrays:
    """All tokens of ``scores``, one text after the other."""
    parts = [_unpacked(score.columns) if score.columns is not None else _of_rows(score.tokens) for score in scores]
    columns = ([getattr(part, column.name) for part in parts or [_of_rows(())]] for column in fields(TokenArrays))
    return TokenArrays(*map(np.concatenate, columns))


def _unpacked(columns: TokenColumns) -> TokenArrays:
    """Views of the packed bytes: nothing is copied."""
    return TokenArrays(
        np.frombuffer(columns.token_ids, "<i4"),
        np.frombuffer(columns.kl, "<f8"),
        np.frombuffer(columns.reference_probability, "<f8"),
        np.frombuffer(columns.candidate_probability, "<f8"),
        np.frombuffer(columns.reference_max_probability, "<f8"),
        np.frombuffer(columns.flips, np.uint8),
    )


def _of_rows(tokens: Sequence[TokenScore]) -> TokenArrays:
    return TokenArrays(
        np.array([token.token_id for token in tokens], dtype=np.int32),
        np.array([token.kl_divergence for token in tokens], dtype=np.float64),
        np.array([token.reference_probability for token in tokens], dtype=np.float64),
        np.array([token.candidate_probability for token in tokens], dtype=np.float64),
        np.array([token.reference_max_probability for token in tokens], dtype=np.float64),
        np.array([FLIP_CODES[token.flip] for token in tokens], dtype=np.uint8),
    )
