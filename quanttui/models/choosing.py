"""Finding one model among hundreds: a fuzzy filter over names, and orders. Pure; knows entries, reads no file.

textual.fuzzy looks at every way to place the letters, which grows without bound for names that repeat them; this one
takes time in proportion to query times name.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from quanttui.records import ModelEntry, ModelSource

# What a letter is worth where it stands: anywhere, at the beginning of a word, right after the letter before it.
_LETTER, _WORD_START, _ADJACENT = 1.0, 3.0, 4.0
# Less for every letter of the name that the query does not hold, so that the shorter of two names comes first.
_UNMATCHED = 0.01


class ModelOrder(StrEnum):
    NAME = "name"
    SIZE = "size"
    LAST_USED = "use"


@dataclass(frozen=True, slots=True)
class NameMatch:
    """An entry whose id holds the letters of the query in order, at ``positions`` in it. More ``score`` is better."""

    entry: ModelEntry
    score: float
    positions: tuple[int, ...]


def filter_models(query: str, entries: Iterable[ModelEntry]) -> list[NameMatch]:
    """The entries that match, best first, equals in the order given; all of them, in order, for a blank query."""
    matches = (match_name(query, entry) for entry in entries)
    return sorted((match for match in matches if match), key=lambda match: -match.score)


def sort_models(entries: Iterable[ModelEntry], order: ModelOrder) -> list[ModelEntry]:
    """By name; or the largest, or the last used, first, then by name. The demo is first; what is unknown is last."""
    return sorted(entries, key=lambda entry: (entry.source is not ModelSource.DEMO, *_rank(entry, order)))


def match_name(query: str, entry: ModelEntry) -> NameMatch | None:
    """The best placement of the query's letters, case aside, spaces between words ignored; None where there is none."""
    letters = "".join(query.split()).lower()
    name = "".join(character.lower()[:1] for character in entry.id)  # one for one: positions are those in the id
    if not letters:
        return NameMatch(entry, 0.0, ())
    placed = _place(letters, name, _word_starts(entry.id))
    if placed is None:
        return None
    score, positions = placed
    return NameMatch(entry, score - _UNMATCHED * (len(name) - len(letters)), positions)


def _rank(entry: ModelEntry, order: ModelOrder) -> tuple[float, str]:
    figure = {ModelOrder.NAME: 0.0, ModelOrder.SIZE: entry.size_bytes, ModelOrder.LAST_USED: entry.last_used_seconds}
    value = figure[order]
    return (math.inf if value is None else -value, entry.id.casefold())


def _word_starts(name: str) -> frozenset[int]:
    """Where words begin: after a mark, at a capital after a small letter, at a digit after a letter."""
    starts = set()
    for index, character in enumerate(name):
        before = name[index - 1] if index else "/"
        if character.isalnum() and (
            not before.isalnum()
            or (character.isupper() and before.islower())
            or (character.isdigit() and not before.isdigit())
        ):
            starts.add(index)
    return frozenset(starts)


def _place(letters: str, name: str, starts: frozenset[int]) -> tuple[float, tuple[int, ...]] | None:
    """Row by row: ``best[j]`` is the best placement of the letters so far whose last one stands at ``name[j]``."""
    best: list[tuple[float, tuple[int, ...]] | None] = []
    for row, letter in enumerate(letters):
        best = _next_row(letter, name, starts, best, is_first=row == 0)
    found = [placement for placement in best if placement]
    return max(found, key=lambda placement: placement[0], default=None)


def _next_row(
    letter: str,
    name: str,
    starts: frozenset[int],
    before: Sequence[tuple[float, tuple[int, ...]] | None],
    *,
    is_first: bool,
) -> list[tuple[float, tuple[int, ...]] | None]:
    row: list[tuple[float, tuple[int, ...]] | None] = []
    earlier: tuple[float, tuple[int, ...]] | None = (0.0, ()) if is_first else None  # the best that ends before j
    for index, character in enumerate(name):
        adjacent = before[index - 1] if before and index else None
        if adjacent and (earlier is None or adjacent[0] > earlier[0]):
            earlier = adjacent
        own = _WORD_START if index in starts else _LETTER
        options = [(earlier[0] + own, earlier[1])] if earlier else []
        if adjacent:
            options.append((adjacent[0] + max(own, _ADJACENT), adjacent[1]))
        if character == letter and options:
            score, positions = max(options, key=lambda option: option[0])
            row.append((score, (*positions, index)))
        else:
            row.append(None)
    return row
