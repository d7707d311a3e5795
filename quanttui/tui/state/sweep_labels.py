"""Names beside points without one over the other. Knows cells of a grid and lengths of words; no plot, no widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tag:
    """A word of ``cells`` for the point at column ``x``, row ``y``."""

    x: int
    y: int
    cells: int


def place_tags(
    tags: Sequence[Tag], width: int, height: int, taken: Sequence[tuple[int, int]] = ()
) -> list[tuple[int, int] | None]:
    """Where each word begins, in the order of ``tags``, the first having the choice: right of its point, left of it,
    else above or below. None where there is no room. ``taken``: cells on which no word may stand."""
    used = {*taken, *((tag.x, tag.y) for tag in tags)}
    places: list[tuple[int, int] | None] = []
    for tag in tags:
        place = next((at for at in _choices(tag) if _is_free(at, tag.cells, width, height, used)), None)
        if place is not None:
            used |= {(column, place[1]) for column in range(place[0] - 1, place[0] + tag.cells + 1)}
        places.append(place)
    return places


def _choices(tag: Tag) -> list[tuple[int, int]]:
    right, left, middle = tag.x + 2, tag.x - 1 - tag.cells, tag.x - tag.cells // 2
    beside = [(right, tag.y), (left, tag.y)]
    for rows in (1, 2):
        for at in (right - 1, left + 1, middle):
            beside += [(at, tag.y - rows), (at, tag.y + rows)]
    return beside


def _is_free(at: tuple[int, int], cells: int, width: int, height: int, used: set[tuple[int, int]]) -> bool:
    column, row = at
    inside = column >= 0 and column + cells <= width and 0 <= row < height
    return inside and not any((each, row) in used for each in range(column, column + cells))


def apart(points: Sequence[tuple[int, int]], width: int) -> list[tuple[int, int]]:
    """Points that share a cell a cell or two beside each other, so that each is seen; the first stays."""
    used: set[tuple[int, int]] = set()
    placed = []
    for x, y in points:
        tries = ((x + by, y) for by in (0, 1, -1, 2, -2, 3, -3) if 0 <= x + by < width)
        at = next((one for one in tries if one not in used), (x, y))
        used.add(at)
        placed.append(at)
    return placed
