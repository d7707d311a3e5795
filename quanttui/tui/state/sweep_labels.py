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


Place = tuple[int, int]


def place_tags(tags: Sequence[Tag], width: int, height: int, taken: Sequence[Place] = ()) -> list[Place | None]:
    """Where each word begins, in the order of ``tags``: right of its point, left of it, else above or below, with a
    blank at either end: it must not seem to belong to another point. None where there is no room. The first word has
    a place if any has; of its places it gets the one that leaves room for the most others. ``taken``: cells on which
    no word may stand."""
    if not tags:
        return []
    used = {*taken, *((tag.x, tag.y) for tag in tags)}
    first = [at for at in _choices(tags[0]) if _is_free(at, tags[0].cells, width, height, used)]
    tries = [[at, *_place_rest(tags[1:], width, height, used | _cells(at, tags[0]))] for at in first]
    return min(tries or [[None, *_place_rest(tags[1:], width, height, used)]], key=lambda places: places.count(None))


def _place_rest(tags: Sequence[Tag], width: int, height: int, used: set[Place]) -> list[Place | None]:
    """One after the other, each where it fits first."""
    places: list[Place | None] = []
    for tag in tags:
        place = next((at for at in _choices(tag) if _is_free(at, tag.cells, width, height, used)), None)
        used = used if place is None else used | _cells(place, tag)
        places.append(place)
    return places


def _cells(at: Place, tag: Tag) -> set[Place]:
    return {(column, at[1]) for column in range(at[0], at[0] + tag.cells)}


def _choices(tag: Tag) -> list[Place]:
    right, left, middle = tag.x + 2, tag.x - 1 - tag.cells, tag.x - tag.cells // 2
    beside = [(right, tag.y), (left, tag.y)]
    for rows in (1, 2):
        for at in (right - 1, left + 1, middle):
            beside += [(at, tag.y - rows), (at, tag.y + rows)]
    return beside


def _is_free(at: Place, cells: int, width: int, height: int, used: set[Place]) -> bool:
    column, row = at
    inside = column >= 0 and column + cells <= width and 0 <= row < height
    return inside and not any((each, row) in used for each in range(column - 1, column + cells + 1))


def apart(points: Sequence[Place], width: int) -> list[Place]:
    """Points that share a cell a cell or two beside each other, so that each is seen; the first stays."""
    used: set[tuple[int, int]] = set()
    placed = []
    for x, y in points:
        tries = ((x + by, y) for by in (0, 1, -1, 2, -2, 3, -3) if 0 <= x + by < width)
        at = next((one for one in tries if one not in used), (x, y))
        used.add(at)
        placed.append(at)
    return placed
