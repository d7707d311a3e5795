"""What the screen is handed and calls only once it is painted: each function imports its room when first called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quanttui.engine.base import Engine
    from quanttui.hardware.probe import MemoryProbe
    from quanttui.models.download import Download
    from quanttui.records import EngineMemory, MemoryReading, ModelEntry, Sweep, SweepRequest
    from quanttui.records.download import DownloadPlan
    from quanttui.records.sweep_events import SweepEvent
    from quanttui.settings import Settings


def iter_models() -> Iterator[ModelEntry]:
    from quanttui.models.catalog import iter_models as iterate

    return iterate()


def resolve_model(spec: str) -> ModelEntry:
    from quanttui.models.catalog import resolve_model as resolve

    return resolve(spec)


def find_again(model: ModelEntry) -> ModelEntry:
    from quanttui.models.again import find_again as find

    return find(model)


def write_output(folder: Path, variant: str, text: str) -> Path:
    from quanttui.runs.outputs import write_output as write

    return write(folder, variant, text)


def plan_download(model_id: str) -> DownloadPlan:
    from quanttui.models.download_plan import plan_download as plan

    return plan(model_id)


def remote_headers(model_id: str, folder: Path) -> ModelEntry:
    from quanttui.models.remote import remote_headers as describe

    return describe(model_id, folder)


def download(plan: DownloadPlan) -> Download:
    from quanttui.models.download import Download

    return Download(plan)


def run_sweep(
    settings: Settings,
    engine: Engine,
    request: SweepRequest,
    is_stopped: Callable[[], bool],
    resumed: Sweep | None = None,
) -> Iterator[SweepEvent]:
    """Over the reference's sides that earlier sweeps have left."""
    from quanttui.cli.side_cache import side_cache
    from quanttui.pipeline.sweep import run_sweep as run

    return run(engine, request, side_cache(settings), is_stopped, resumed)


class LateProbe:
    """A ``MemoryProbe`` that is made by the thread that reads it first. ``close`` comes after the last reading."""

    def __init__(self, engine_process_id: Callable[[], int | None], engine_memory: Callable[[], EngineMemory]) -> None:
        self._asked = engine_process_id, engine_memory
        self._probe: MemoryProbe | None = None

    def read(self) -> MemoryReading:
        if self._probe is None:
            from quanttui.hardware.probe import MemoryProbe

            process_id, memory = self._asked
            self._probe = MemoryProbe(process_id, engine_memory=memory)
        return self._probe.read()

    def close(self) -> None:
        if self._probe is not None:
            self._probe.close()
