"""Student's t distribution, exactly, for any whole number of degrees of freedom. Knows nothing but numbers."""

from __future__ import annotations

import math
from functools import lru_cache

_NORMAL_FROM = 10_000


def two_sided_p(statistic: float, degrees: int) -> float:
    """P(|T| ≥ |statistic|) of a T with ``degrees`` ≥ 1 degrees of freedom.

    One minus the finite series of Abramowitz and Stegun 26.7.3 and 26.7.4, hence true to about 1e-15, not to so many
    digits; from 10,000 degrees on the normal distribution's, which is as near.
    """
    if degrees >= _NORMAL_FROM:
        return math.erfc(abs(statistic) / math.sqrt(2))
    angle = math.atan2(abs(statistic), math.sqrt(degrees))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = degrees % 2
    term = cosine if odd else 1.0
    total = term if degrees > 1 else 0.0
    for power in range(2 + odd, degrees - 1, 2):
        term *= cosine * cosine * (power - 1) / power
        total += term
    inside = (angle + sine * total) * 2 / math.pi if odd else sine * total
    return min(1.0, max(0.0, 1.0 - inside))


@lru_cache(maxsize=512)
def student_quantile(probability: float, degrees: int) -> float:
    """The t that a T with ``degrees`` degrees of freedom stays below with ``probability``; bisected to rounding."""
    if probability < 0.5:
        return -student_quantile(1 - probability, degrees)
    tail, low, high = 2 * (1 - probability), 0.0, 1.0
    while two_sided_p(high, degrees) > tail:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high and high - low > 1e-13 * max(1.0, high):
        low, high = (middle, high) if two_sided_p(middle, degrees) > tail else (low, middle)
    return high
