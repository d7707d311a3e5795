"""What of a sweep is still to come, how long that will take, and how many units the time allows. Reads no clock."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable

from quanttui.pipeline.sweep.ledger import Ledger
from quanttui.pipeline.sweep.pace import WORK_OF, Pace, Work
from quanttui.pipeline.sweep.units import PlannedUnit
from quanttui.records import Variant

_OVERRUN = 1.5
"""Of the time for a variant's speed: the prompt that is under way is decoded to its end."""

_AIM = 0.98
"""Share of the time left that is planned for."""


class Outlook:
    """``coming``: every unit that is planned and was not left out, those that were read included. ``on_disk``: which of
    them the reference has not to read. ``most_speed_seconds``: for the speed of one variant, None where none is
    measured. ``loaded``: variants that need no load any more."""

    def __init__(
        self, ledger: Ledger, coming: Iterable[PlannedUnit], on_disk: Iterable[bool], most_speed_seconds: float | None
    ) -> None:
        self.pace = Pace(ledger.reference)
        self.loaded: set[Variant] = set()
        self._ledger = ledger
        self._coming = list(coming)
        self._on_disk = list(on_disk)
        self._most_speed_seconds = most_speed_seconds

    @property
    def planned(self) -> int:
        return len(self._coming)

    @property
    def planned_tokens(self) -> list[int]:
        """That each unit will score: of a prompt, as many as may follow it."""
        most = self._ledger.request.generation.max_new_tokens
        return [unit.scored_tokens or most for unit in self._coming]

    @property
    def kept(self) -> int:
        """How many units count as things stand."""
        return len(self._coming[: self._ledger.kept_units])

    @property
    def fewest(self) -> int:
        """So many have to be kept that every part has one."""
        parts = [unit.part for unit in self._coming]
        return max((parts.index(part) + 1 for part in set(parts)), default=0)

    def leave_out(self, index: int) -> None:
        del self._coming[index], self._on_disk[index]

    def remaining_seconds(self, kept: int | None = None) -> float | None:
        """With ``kept`` units for every variant; None while something of it cannot be told yet."""
        upto = self.kept if kept is None else kept
        total = 0.0
        for variant, works in self._works(upto):
            for work, many in works.items():
                seconds = self._seconds(variant, work)
                if seconds is None:
                    return None
                total += many * seconds
        return total

    def affordable(self, seconds: float) -> int:
        """How many units can be kept so that the sweep ends within ``seconds`` from now; all while that is unknown."""
        needed = self.remaining_seconds()
        if needed is None or needed <= seconds:
            return self.kept
        choices = range(self.fewest, self.kept)
        fitting = bisect_right(choices, _AIM * seconds, key=lambda kept: self.remaining_seconds(kept) or 0.0)
        return self.fewest + max(0, fitting - 1)

    def _seconds(self, variant: Variant, work: Work) -> float | None:
        seconds = self.pace.seconds(variant, work)
        if seconds is None or work is not Work.SPEED or self._most_speed_seconds is None:
            return seconds
        return min(seconds, _OVERRUN * self._most_speed_seconds)

    def _works(self, kept: int) -> Iterable[tuple[Variant, Counter[Work]]]:
        """What each variant has still to do; a model that has nothing to do is not loaded."""
        ledger = self._ledger
        done = Counter(variant for variant, _ in ledger.cells)
        for variant in (ledger.reference, *ledger.request.candidates):
            if variant in ledger.failures:
                continue
            is_reference = variant == ledger.reference
            start = len(ledger.units) if is_reference else done[variant]
            rest = range(start, kept)
            works = Counter(WORK_OF[self._coming[at].part] for at in rest if not (is_reference and self._on_disk[at]))
            if self._most_speed_seconds is not None and variant not in ledger.speeds:
                works[Work.SPEED] += 1
            if works and variant not in self.loaded:
                works[Work.LOAD] += 1
            yield variant, works
