"""How the screen has a sweep run: whoever starts the app hands in what does it. Imports the pipeline late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from quanttui.engine.base import Engine
from quanttui.records import Sweep, SweepRequest
from quanttui.records.sweep_events import SweepEvent


class SweepRunner(Protocol):
    """Every event of a sweep, its end the last; raises nothing. ``resumed``: what an earlier process had of it.

    ``is_stopped`` is asked between steps.
    """

    def __call__(
        self, engine: Engine, request: SweepRequest, is_stopped: Callable[[], bool], resumed: Sweep | None
    ) -> Iterator[SweepEvent]: ...


def run_sweep_here(
    engine: Engine, request: SweepRequest, is_stopped: Callable[[], bool], resumed: Sweep | None
) -> Iterator[SweepEvent]:
    """What the reference reads is gone when the sweep ends."""
    from quanttui.cache.sides import SideCache
    from quanttui.pipeline.sweep import run_sweep

    with TemporaryDirectory(prefix="quanttui-sides-") as folder:
        yield from run_sweep(engine, request, SideCache(Path(folder)), is_stopped, resumed)
