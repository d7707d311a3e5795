"""Two candidates' flips on the same tokens: which of them keeps the reference's first choice more often. Knows arrays
of yes and no, one a token in text order, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from quanttui.compare.paired import detection_factor, require_paired
from quanttui.compare.statistics import FEWEST_BLOCKS, POWER, SIGNIFICANCE, standard_error
from quanttui.compare.student import two_sided_p
from quanttui.records import PairedFlips

_MOST_COUNTED = 1000


def mcnemar(only_first: int, only_second: int) -> float:
    """McNemar's exact test, two-sided: min(1, 2·P(X ≤ min(b, c))), X binomial with b + c draws and p = ½.

    McNemar 1947, https://doi.org/10.1007/BF02295996; the exact form is the sign test on the discordant pairs.
    """
    fewer, draws = min(only_first, only_second), only_first + only_second
    if draws > _MOST_COUNTED:
        return _mcnemar_in_floats(fewer, draws)
    ways = term = 1
    for successes in range(1, fewer + 1):
        term = term * (draws - successes + 1) // successes
        ways += term
    return min(1.0, 2 * ways / 2**draws) if draws else 1.0


def _mcnemar_in_floats(fewer: int, draws: int) -> float:
    """The same sum where its whole numbers would have thousands of digits: ln C(n, k) by the ratio of neighbours."""
    successes = np.arange(1, fewer + 1)
    ln_ways = np.concatenate(([0.0], np.cumsum(np.log((draws - successes + 1) / successes))))
    return min(1.0, 2 * float(np.exp(ln_ways - draws * math.log(2)).sum()))


def compare_flips(first: ArrayLike, second: ArrayLike, blocks: Sequence[int], *, tests: int = 1) -> PairedFlips:
    """``first``, ``second``: bool arrays of shape (tokens,), True where the candidate keeps the reference's top token.

    McNemar's test takes tokens for independent. Inside a block they are not, so from 4 blocks on the larger of its p
    and that of a t-test on the blocks' differences stands. ``tests``: as in ``compare_kl``.
    """
    ours, theirs = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    require_paired(ours, theirs, blocks)
    only_first, only_second = int(np.sum(ours & ~theirs)), int(np.sum(theirs & ~ours))
    difference = (only_first - only_second) / ours.size
    error = standard_error(ours.astype(np.float64) - theirs, blocks)
    p_value = mcnemar(only_first, only_second)
    if error:
        p_value = max(p_value, two_sided_p(difference / error, len(blocks) - 1))
    least = _smallest_detectable(only_first + only_second, ours.size, error, len(blocks), tests)
    return PairedFlips(ours.size, only_first, only_second, difference, p_value, least)


def _smallest_detectable(discordant: int, tokens: int, error: float | None, blocks: int, tests: int) -> float:
    """Of same top: (z(1 − α/2) + z(power))·√(b + c)/N, or the blocks' error times its factor where that is more, and
    never less than the fewest places, all on one side, that the exact test finds: log₂(2/α)."""
    alpha = SIGNIFICANCE / tests
    normal = NormalDist()
    by_tokens = (normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(POWER)) * math.sqrt(discordant) / tokens
    by_blocks = detection_factor(blocks - 1, tests) * error if error and blocks >= FEWEST_BLOCKS else 0.0
    fewest = math.ceil(math.log2(2 / alpha))
    return min(1.0, max(by_tokens, by_blocks, fewest / tokens))
