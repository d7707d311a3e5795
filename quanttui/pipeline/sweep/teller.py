"""When a sweep's figures are told: seldom enough to cost next to nothing, and always at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
        sweep = self.ledger.sweep(failure)
        progress = progress_of(
            sweep,
            self.outlook.planned_tokens if self.outlook else (),
            stage=self.stage,
            variant=self.variant,
            elapsed_seconds=self.elapsed_seconds,
            remaining_seconds=self.outlook.remaining_seconds() if self.outlook and self.stage else None,
        )
        return self._tally.snapshot(sweep, progress)
