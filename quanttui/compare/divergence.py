"""Token scores, summed up: of one text, or pooled over several. Knows records and statistics, no model and no screen.

Direction: KL(reference‖candidate). All tokens weigh the same. Formulae: the README's "What the numbers mean".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from quanttui.compare.arrays import FLIP_CODES, TokenArrays, arrays_of, lengths_of, scored_tokens
from quanttui.compare.statistics import (
    FEWEST_BLOCKS,
    blocks_of,
    quantiles,
    share_standard_error,
    smallest_detectable,
    standard_error,
)
from quanttui.compare.verdict import Evidence, judge
from quanttui.errors import MeasurementError
from quanttui.records import (
    ConfidenceBucket,
    DivergenceSummary,
    FlipKind,
    KlSummary,
    NoiseFloor,
    Score,
)

CONFIDENCE_EDGES = (0.0, 0.25, 0.5, 0.75, 0.95, 1.0)
_QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)

Floats = NDArray[np.float64]
Flips = NDArray[np.uint8]


def summarize(
    scores: Sequence[Score],
    *,
    reference: str = "the reference",
    candidate: str = "the candidate",
    of: str = "text",
) -> DivergenceSummary:
    """All scored tokens of ``scores``, texts scored by one candidate against one reference, pooled.

    ``reference`` and ``candidate`` are what the verdict calls them, ``of`` what a score is of: a text, or a window of
    one. Raises MeasurementError where there is no token,
    a figure is not finite, or the texts' noise floors are of different kinds.
    """
    tokens = arrays_of(scores)
    if not len(tokens):
        raise MeasurementError("no token was scored, so there is nothing to sum up")
    blocks = blocks_of(_independent_parts(scores))
    kl = _finite(tokens.kl)
    delta = _finite(100 * (tokens.q - tokens.p))
    ln_p, ln_q = _ln(_finite(tokens.p)), _ln(_finite(tokens.q))
    same_top = _same_top(tokens.flips)
    floor = _pooled_floor(scores)
    kl_summary = _kl_summary(kl, standard_error(kl, blocks))
    detectable = smallest_detectable(kl_summary.mean, kl_summary.standard_error, len(blocks), floor.mean)
    same_top_error = share_standard_error(same_top, len(tokens))
    evidence = Evidence(
        tokens=len(tokens),
        kl_mean=kl_summary.mean,
        noise_floor=floor.mean,
        smallest_detectable=detectable,
        same_top=same_top,
        same_top_standard_error=same_top_error,
    )
    return DivergenceSummary(
        tokens=len(tokens),
        scope=_scope(scores, of),
        kl_divergence=kl_summary,
        same_top=same_top,
        same_top_standard_error=same_top_error,
        delta_p_mean=float(delta.mean()),
        rms_delta_p=float(np.sqrt(np.mean(delta**2))),
        perplexity_reference=_perplexity(ln_p),
        perplexity_candidate=_perplexity(ln_q),
        ln_perplexity_ratio=float(np.mean(ln_p - ln_q)),
        ln_perplexity_ratio_standard_error=standard_error(ln_p - ln_q, blocks),
        tie_flips=_count(tokens.flips, FlipKind.TIE),
        real_flips=_count(tokens.flips, FlipKind.REAL),
        noise_floor=floor,
        noise_multiple=evidence.noise_multiple,
        smallest_detectable_nats=detectable,
        by_confidence=_by_confidence(tokens),
        verdict=judge(evidence, reference, candidate),
    )


def _independent_parts(scores: Sequence[Score]) -> list[int]:
    """Tokens of each text, or of each window of a text that was read in several."""
    return [length for score in scores for length in lengths_of(score)]


def _scope(scores: Sequence[Score], of: str) -> str:
    """What the errors speak of: the texts at hand, or texts like these."""
    texts = sum(bool(scored_tokens(score)) for score in scores)
    parts = len(_independent_parts(scores))
    if texts == 1:
        return f"over {parts} windows" if parts >= FEWEST_BLOCKS else f"within this {of}"
    return f"over {texts} {of}s" if parts >= FEWEST_BLOCKS else f"within these {texts} {of}s"


def _finite(column: Floats) -> Floats:
    if not np.isfinite(column).all():
        raise MeasurementError("a token's score is NaN or infinite, so no summary would mean anything")
    return column


def _ln(probabilities: Floats) -> Floats:
    if (probabilities <= 0).any():
        raise MeasurementError("a probability is too small for a number, so no perplexity can be given")
    return np.log(probabilities)


def _perplexity(ln_probabilities: Floats) -> float:
    """exp(−mean ln p); past what a number can hold (above 1e308) the measurement is void."""
    exponent = -float(ln_probabilities.mean())
    if exponent > math.log(np.finfo(np.float64).max):
        raise MeasurementError("the perplexity is too large for a number")
    return math.exp(exponent)


def _kl_summary(kl: Floats, error: float | None) -> KlSummary:
    median, p90, p95, p99, p99_9 = quantiles(kl, _QUANTILES)
    return KlSummary(float(kl.mean()), error, median, p90, p95, p99, p99_9, float(kl.max()))


def _same_top(flips: Flips) -> float:
    return _count(flips, FlipKind.NONE) / len(flips)


def _count(flips: Flips, kind: FlipKind) -> int:
    return int(np.count_nonzero(flips == FLIP_CODES[kind]))


def _pooled_floor(scores: Sequence[Score]) -> NoiseFloor:
    """Weighted by the tokens that each text's floor rests on."""
    floors = [score.noise_floor for score in scores if scored_tokens(score)]
    kinds = {floor.kind for floor in floors}
    if len(kinds) > 1:
        raise MeasurementError(f"noise floors of different kinds cannot be pooled: {', '.join(sorted(kinds))}")
    tokens = sum(floor.tokens for floor in floors)
    if not tokens or not all(math.isfinite(floor.mean) for floor in floors):
        raise MeasurementError("the noise floor is not known, so no multiple of it can be given")
    return NoiseFloor(sum(floor.mean * floor.tokens for floor in floors) / tokens, floors[0].kind, tokens)


def _by_confidence(tokens: TokenArrays) -> tuple[ConfidenceBucket, ...]:
    """By the reference's largest probability; the last bucket holds 1.0 too (and what rounding leaves above it)."""
    places = np.searchsorted(CONFIDENCE_EDGES[1:-1], tokens.max_p, side="right")
    return tuple(
        _bucket(low, high, tokens.kl[places == place], tokens.flips[places == place])
        for place, (low, high) in enumerate(pairwise(CONFIDENCE_EDGES))
    )


def _bucket(low: float, high: float, kl: Floats, flips: Flips) -> ConfidenceBucket:
    if not len(kl):
        return ConfidenceBucket(low, high, 0, None, None)
    return ConfidenceBucket(low, high, len(kl), float(kl.mean()), _same_top(flips))
