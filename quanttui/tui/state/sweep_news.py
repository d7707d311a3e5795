"""What the screen hears of a sweep: figures and steps, never a cell, so that it is small however much was measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

from quanttui.records import SweepSnapshot
from quanttui.records.events import LoadProgressed, LoadStarted, ModelLoaded
from quanttui.records.sweep_events import (
    SweepEvent,
    SweepFailed,
    SweepFinished,
    SweepStarted,
    SweepTallied,
    VariantFailed,
)


@dataclass(frozen=True, slots=True)
class SweepEnded:
    """Nothing more comes. ``message``: why it ended early, raw, "" where all was measured.

    ``snapshot`` None: it had not started.
    """

    snapshot: SweepSnapshot | None
    message: str = ""
    hint: str = ""
    was_cancelled: bool = False

    @property
    def is_whole(self) -> bool:
        return not self.message


SweepNews = SweepStarted | LoadStarted | LoadProgressed | ModelLoaded | VariantFailed | SweepTallied | SweepEnded


def news_of(event: SweepEvent) -> SweepNews | None:
    """``event`` without what was measured; None where the next tally says it."""
    match event:
        case SweepStarted():
            return replace(event, resumed=None)
        case LoadStarted() | LoadProgressed() | ModelLoaded() | VariantFailed() | SweepTallied():
            return event
        case SweepFinished(snapshot=snapshot):
            return SweepEnded(snapshot)
        case SweepFailed(snapshot=snapshot, message=message, hint=hint):
            return SweepEnded(snapshot, message, hint, event.was_cancelled)
    return None
