"""How sure a figure is: standard errors of correlated tokens, quantiles, and what could have been seen at all.

Pure NumPy; knows neither models nor texts. Every function takes one value a token, in text order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quanttui.compare.student import student_quantile
from quanttui.records import Interval

BLOCK_TOKENS = 16
FEWEST_BLOCKS = 4
SIGNIFICANCE = 0.05
POWER = 0.80
ROUNDING_NATS = 1e-9
"""A noise floor below this is what the measurement's own rounding leaves of nothing: there is no multiple of it."""

_NORMAL = 10**6
_LARGEST_REACH = 50.0

Floats = NDArray[np.float64]


def blocks_of(lengths: Sequence[int]) -> list[int]:
    """Sizes of the blocks that stand for independent draws; ``lengths``: the tokens of each independent part.

    Four parts (texts, windows) or more: each is a block, since what is correlated lies inside one. Fewer: each part is
    cut into blocks of ``BLOCK_TOKENS``, a remainder joining its last one, so that only neighbours of different blocks
    are correlated; that measures the spread within these texts and says nothing of other texts.
    """
    parts = [length for length in lengths if length]
    if len(parts) >= FEWEST_BLOCKS:
        return parts
    sizes: list[int] = []
    for length in parts:
        count = max(1, length // BLOCK_TOKENS)
        sizes.extend([BLOCK_TOKENS] * (count - 1))
        sizes.append(length - BLOCK_TOKENS * (count - 1))
    return sizes


def standard_error(values: ArrayLike, blocks: Sequence[int]) -> float | None:
    """Of the mean over all tokens, blocks of unequal size being drawn whole. None below ``FEWEST_BLOCKS`` blocks.

    √(B/(B − 1) · Σ_b (S_b − n_b·m)²) / N, with S_b and n_b the sum and size of block b, m the mean, N all tokens: the
    ratio estimator's error, which is the batch-means error s/√B where all blocks are of one size.
    """
    data = np.asarray(values, dtype=np.float64)
    count = len(blocks)
    if count < FEWEST_BLOCKS:
        return None
    sizes = np.asarray(blocks, dtype=np.float64)
    starts = np.concatenate(([0], np.cumsum(blocks)[:-1]))
    residuals = np.add.reduceat(data - data.mean(), starts)
    return float(math.sqrt(count / (count - 1) * float(residuals @ residuals)) / sizes.sum())


def share_standard_error(share: float, tokens: int) -> float:
    """√(s(1 − s)/n), of a share of ``tokens`` positions."""
    return math.sqrt(max(0.0, share * (1.0 - share)) / tokens)


def quantiles(values: ArrayLike, probabilities: Sequence[float]) -> list[float]:
    """Linear between the two nearest observations."""
    return [float(value) for value in np.quantile(np.asarray(values, dtype=np.float64), probabilities)]


def smallest_detectable(mean: float, error: float | None, blocks: int, noise_floor: float) -> float | None:
    """The smallest excess of a mean KL over the noise floor that so many tokens could have shown, in nats.

    floor · (exp(√2·k·SE/mean) − 1), k = t(1 − α/2) + t(power) with B − 1 degrees of freedom, α = 0.05, power = 0.80.
    A KL divergence is positive and spreads in proportion to its size, so the test is on ln(mean/floor), whose
    standard error is SE/mean for each of the two (√2: the floor is a mean over as many tokens, taken to spread
    likewise). Where the floor is 0 (to rounding) there is no ratio, and it is k·SE. None where the error is not known.
    """
    if error is None:
        return None
    factor = student_quantile(1 - SIGNIFICANCE / 2, blocks - 1) + student_quantile(POWER, blocks - 1)
    if noise_floor < ROUNDING_NATS or mean <= 0:
        return factor * error
    return noise_floor * math.expm1(math.sqrt(2) * factor * error / mean)


def log_interval(mean: float, standard_error: float | None, degrees: int | None = None) -> Interval | None:
    """95 % of a mean KL: mean·exp(± t·SE/mean), t by the normal distribution where ``degrees`` is None. On the log
    scale, as KL spreads in proportion to its size; it stays above 0. None where the error is not known."""
    if standard_error is None:
        return None
    if mean <= 0:
        return Interval(0.0, 0.0)
    quantile = student_quantile(1 - SIGNIFICANCE / 2, _NORMAL if degrees is None else degrees)
    reach = min(quantile * standard_error / mean, _LARGEST_REACH)
    return Interval(mean * math.exp(-reach), mean * math.exp(reach))
