"""Warns before a load that will not fit. Refuses nothing: a foretelling may be wrong, and memory may become free."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from quanttui.cli.streams import say_warning
from quanttui.engine.base import Engine
from quanttui.errors import QuantTuiError
from quanttui.hardware.probe import MemoryProbe
from quanttui.pipeline.fitting import Foretold, judge
from quanttui.records import FitVerdict, MemoryReading
from quanttui.records.events import LoadStarted, RunEvent, RunStarted


def read_memory(engine: Engine, process_id: int) -> MemoryReading:
    """Memory now, and the share of ``engine``, which is that process. Which GPU is its own an engine process tells
    from the second question on: whoever reads once has called ``engine.memory`` before."""
    with closing(MemoryProbe(lambda: process_id, engine_memory=engine.memory)) as probe:
        return probe.read()


class FitWatch:
    """Hears a run's events; at the start of each load holds what was foretold against what is free at that moment."""

    def __init__(self, engine: Engine, read: Callable[[Engine, int], MemoryReading] = read_memory) -> None:
        self._engine, self._read = engine, read
        self._engine_process_id = 0

    def tell(self, event: RunEvent) -> None:
        match event:
            case RunStarted(environment=environment):
                self._engine_process_id = environment.process_id
                self._engine.memory()  # asked now, answered by the first load
            case LoadStarted(predicted=predicted) if predicted is not None:
                foretold = Foretold(event.variant, predicted.device, predicted)
                (fit,) = judge([foretold], self._read(self._engine, self._engine_process_id))
                if fit.verdict is FitVerdict.DOES_NOT_FIT:
                    say_warning(QuantTuiError(f"{fit.variant} will likely not fit: it {fit.reason}", fit.advice))
