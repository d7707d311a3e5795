"""When a sweep's figures are told: seldom enough to cost next to nothing, and always at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from quanttui.pipeline.sweep.ledger import Ledger
from quanttui.pipeline.sweep.outlook import Outlook
from quanttui.pipeline.sweep.progress import progress_of
from quanttui.pipeline.sweep.tally import Tally
from quanttui.records import SweepSnapshot, Variant
from quanttui.records.sweep_events import SweepTallied

TALLY_SECONDS = 1.0
_REST = 20
"""A tally that took long is followed by this many times as long without one."""


class Teller:
    """``stage`` and ``variant``: what goes on now. ``outlook``: there once it is known what is to be read."""

    def __init__(self, ledger: Ledger, clock: Callable[[], float], began: float) -> None:
        self.ledger = ledger
        self.stage = ""
        self.variant: Variant | None = None
        self.outlook: Outlook | None = None
        self._clock = clock
        self._began = began
        self._due = began
        self._tally = Tally()

    @property
    def elapsed_seconds(self) -> float:
        return self._clock() - self._began

    def now(self, stage: str, variant: Variant | None = None) -> None:
        self.stage, self.variant = stage, variant

    def if_due(self) -> Iterator[SweepTallied]:
        if (now := self._clock()) >= self._due:
            snapshot = self.snapshot()
            self._due = now + max(TALLY_SECONDS, _REST * (self._clock() - now))
            yield SweepTallied(snapshot)

    def snapshot(self, failure: str | None = None) -> SweepSnapshot:
        sweep, (planned_tokens, remaining_seconds) = self.ledger.sweep(failure), self._to_come()
        progress = progress_of(
            sweep,
            planned_tokens,
            stage=self.stage,
            variant=self.variant,
            elapsed_seconds=self.elapsed_seconds,
            remaining_seconds=remaining_seconds if self.stage else None,
        )
        return self._tally.snapshot(sweep, progress)

    def _to_come(self) -> tuple[Sequence[int], float | None]:
        """The tokens of the units that will be read by all, and how long that will take: no longer than it may."""
        if self.outlook is None:
            return (), None
        planned, remaining = self.outlook.planned_tokens, self.outlook.remaining_seconds()
        most = self.ledger.request.budget.seconds
        if most is None or remaining is None:
            return planned, remaining
        left = max(0.0, most - self.elapsed_seconds)
        return planned[: self.outlook.affordable(left)], min(remaining, left)
