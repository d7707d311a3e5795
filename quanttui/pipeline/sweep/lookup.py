"""Which units of a plan the reference has still to read: what an earlier process did, and what lies on the disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from quanttui.cache.shelf import KeptSide, SideShelf
from quanttui.errors import UsageError
from quanttui.pipeline.sweep.keys import unit_key
from quanttui.pipeline.sweep.ledger import Ledger
from quanttui.pipeline.sweep.units import Plan, PlannedUnit
from quanttui.records import SweepUnit


@dataclass(frozen=True, slots=True)
class Reading:
    """One unit of the plan. ``known``: an earlier process of this sweep has read it. ``side``: it lies on the disk.
    ``is_scored``: by every candidate, so that nothing is missing of it."""

    planned: PlannedUnit
    key: str
    known: SweepUnit | None
    side: KeptSide | None
    is_scored: bool

    @property
    def needs_model(self) -> bool:
        return self.side is None and not self.is_scored


def readings_of(plan: Plan, ledger: Ledger, shelf: SideShelf, *, with_head: bool) -> list[Reading]:
    """``with_head``: the reference's output head has to lie on the disk too; reading one unit puts it there. Raises
    UsageError where what an earlier process has read is no part of the plan."""
    found = [_reading(planned, known, ledger, shelf) for planned, known in matched(plan.units, ledger.units)]
    if sum(reading.known is not None for reading in found) < len(ledger.units):
        raise UsageError("its units are not those that this version would read", "Start the sweep as a new one.")
    if found and with_head and not shelf.has_head and not any(reading.needs_model for reading in found):
        found[0] = replace(found[0], side=None, is_scored=False)
    return found


def matched(
    planned: Sequence[PlannedUnit], known: Sequence[SweepUnit]
) -> Iterator[tuple[PlannedUnit, SweepUnit | None]]:
    """The plan, each unit with what an earlier process has read of it; what that one left out is left out again."""
    rest = list(reversed(known))
    for unit in planned:
        if rest and (rest[-1].part, rest[-1].name, rest[-1].category) == (unit.part, unit.name, unit.category):
            yield unit, rest.pop()
        elif not rest:
            yield unit, None


def _reading(planned: PlannedUnit, known: SweepUnit | None, ledger: Ledger, shelf: SideShelf) -> Reading:
    key = unit_key(planned, ledger.request.generation)
    if known is None:
        return Reading(planned, key, None, shelf.find(key), is_scored=False)
    running = [variant for variant in ledger.request.candidates if variant not in ledger.failures]
    is_scored = all((variant, known.index) in ledger.cells for variant in running)
    side = None if is_scored else shelf.find(key)
    if side is not None and (side.token_ids, side.first_scored) != (known.token_ids, known.first_scored):
        side = None
    return Reading(planned, key, known, side, is_scored)
