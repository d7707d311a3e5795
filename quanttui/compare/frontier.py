"""Memory against divergence: which of several points no other beats in both. Knows numbers with intervals; not what
the divergence is (KL, 1 − same top, ln perplexity ratio), nor how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from quanttui.records import Interval


@dataclass(frozen=True, slots=True)
class Point:
    """``divergence``: the smaller the better. ``interval`` None: how sure it is is not known; an exact figure, as the
    reference's 0, has one of no width."""

    memory_bytes: int
    divergence: float
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Placed:
    """``dominated_by``: the index of the nearest point shown to be better at no more memory, None on the frontier.
    ``on_line``: no other point has, by the figures as they stand, less divergence at no more memory; the line is drawn
    through these. A point can lie on the frontier and above the line: it may be better than it was measured."""

    dominated_by: int | None
    on_line: bool


def place(points: Sequence[Point], told_apart: Callable[[int, int], bool] | None = None) -> tuple[Placed, ...]:
    """One answer a point, in their order.

    A point is dominated where another takes no more memory and is shown to diverge less: its divergence is smaller,
    and ``told_apart(better, worse)`` says so, a paired test where there is one; else their intervals do not meet.
    Where an interval is not known nothing is shown.
    """
    shown = told_apart or (lambda i, j: _intervals_part(points[i].interval, points[j].interval))
    return tuple(Placed(_dominating(index, points, shown), _on_line(index, points)) for index in range(len(points)))


def _dominating(index: int, points: Sequence[Point], shown: Callable[[int, int], bool]) -> int | None:
    point = points[index]
    better = [
        other
        for other, rival in enumerate(points)
        if rival.memory_bytes <= point.memory_bytes and rival.divergence < point.divergence and shown(other, index)
    ]
    return max(better, key=lambda other: (points[other].divergence, -points[other].memory_bytes), default=None)


def _on_line(index: int, points: Sequence[Point]) -> bool:
    point = points[index]
    return not any(
        (rival.memory_bytes <= point.memory_bytes and rival.divergence < point.divergence)
        or (rival.memory_bytes < point.memory_bytes and rival.divergence == point.divergence)
        for rival in points
    )


def _intervals_part(first: Interval | None, second: Interval | None) -> bool:
    if first is None or second is None:
        return False
    return first.high < second.low or second.high < first.low
