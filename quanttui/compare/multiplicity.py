"""Many tests at once: p-values corrected so that one false alarm among all of them stays as rare as it is for one."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values in the order given; those at most α are found at a family-wise error of α, however the tests
    depend on each other. The k-th smallest of m (from 0) is max over the smaller ones of min(1, (m − k)·p).

    Holm 1979, https://www.jstor.org/stable/4615733.
    """
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted
