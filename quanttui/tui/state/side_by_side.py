"""Which candidates are marked, and which of them stand side by side in the room there is. Pure; knows no widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from quanttui.records import Variant
from quanttui.tui.key_table import KeyNames
from quanttui.tui.state.variant_view import VariantView

MARK = "◆"


@dataclass(frozen=True, slots=True)
class Marks:
    """``is_on``: the marked candidates stand side by side, in place of the reference where there is room for two."""

    variants: frozenset[Variant] = frozenset()
    is_on: bool = False

    def turned(self, variant: Variant) -> Marks:
        """The mark of ``variant`` set, or taken away; without marks nothing is compared."""
        left = self.variants ^ {variant}
        return Marks(left, self.is_on and bool(left))

    def switched(self, on: bool) -> Marks:
        return replace(self, is_on=on)

    def kept_for(self, variants: Sequence[Variant]) -> Marks:
        """For another run: the marks of those that take part in it."""
        return Marks(self.variants & frozenset(variants))

    def of(self, candidates: Sequence[VariantView]) -> list[VariantView]:
        """The marked ones in the order of the run."""
        return [view for view in candidates if view.variant in self.variants]


@dataclass(frozen=True, slots=True)
class Columns:
    """The outputs on the screen: the reference or not, then ``candidates``; ``of`` so many that one can go through."""

    has_reference: bool
    candidates: tuple[VariantView, ...]
    of: int = 0


def lay_columns(candidates: Sequence[VariantView], shown: int, marks: Marks, room: int) -> Columns:
    """``room`` outputs fit. The shown candidate is among them; where there is room for more, its neighbours are, and
    a candidate keeps its place while one goes through them."""
    if not candidates:
        return Columns(True, ())
    marked = marks.of(candidates)
    current = candidates[shown]
    prefers_marked = current in marked and (marks.is_on or len(marked) >= room - 1 > 1)
    pool = marked if prefers_marked else list(candidates)
    has_reference = room > 2 or not (marks.is_on and prefers_marked and len(marked) > 1)
    slots = room - 1 if has_reference else room
    place = pool.index(current)
    start = max(0, min(place - place % slots, len(pool) - slots))
    return Columns(has_reference, tuple(pool[start : start + slots]), len(pool))


def next_shown(candidates: Sequence[VariantView], shown: int, marks: Marks, by: int) -> int:
    """The index of the candidate ``by`` steps on: of the marked ones while they are compared, else of all."""
    pool = marks.of(candidates) if marks.is_on else list(candidates)
    current = candidates[shown]
    place = pool.index(current) + by if current in pool else 0
    return list(candidates).index(pool[place % len(pool)])


def marks_words(marks: Marks, columns: Columns, candidates: Sequence[VariantView], keys: KeyNames) -> str:
    """What is compared, and whether some of it has no room."""
    marked = marks.of(candidates)
    names = ", ".join(view.variant.spelling for view in marked)
    beside = "beside the reference" if columns.has_reference else "side by side, each against the reference"
    fit = len(columns.candidates)
    if len(marked) > fit:
        return f"{len(marked)} are marked, {fit} fit {beside} · {keys['next_candidate']} goes on"
    return f"{names} {beside} · {keys['compare']} ends it"
