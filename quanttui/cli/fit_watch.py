"""Warns before a load that will not fit. Refuses nothing: a foretelling may be wrong, and memory may become free."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from quanttui.cli.streams import say_warning
from quanttui.errors import QuantTuiError
from quanttui.hardware.probe import MemoryProbe
from quanttui.pipeline.fitting import Foretold, judge
from quanttui.records import FitVerdict, MemoryReading
from quanttui.records.events import LoadStarted, RunEvent, RunStarted


def read_memory(engine_process_id: int) -> MemoryReading:
    """Memory now, and that process's share of it."""
    with closing(MemoryProbe(lambda: engine_process_id)) as probe:
        return probe.read()


class FitWatch:
    """Hears a run's events; at the start of each load holds what was foretold against what is free at that moment."""

    def __init__(self, read: Callable[[int], MemoryReading]) -> None:
        self._read = read
        self._engine_process_id = 0

    def tell(self, event: RunEvent) -> None:
        match event:
            case RunStarted(environment=environment):
                self._engine_process_id = environment.process_id
            case LoadStarted(predicted=predicted) if predicted is not None:
                foretold = Foretold(event.variant, predicted.device, predicted)
                (fit,) = judge([foretold], self._read(self._engine_process_id))
                if fit.verdict is FitVerdict.DOES_NOT_FIT:
                    say_warning(QuantTuiError(f"{fit.variant} will likely not fit: it {fit.reason}", fit.advice))
