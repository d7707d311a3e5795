"""A process that runs a sweep, or what is left of it, into a history, one line on stdout for each event: to be killed.

sweep_child.py FOLDER ENGINE    with FOLDER/history.db, FOLDER/sides and the engine "scripted" or "torch"
"""

from __future__ import annotations

import sys
from pathlib import Path

from sweep_doubles import REQUEST, small_real_request

from quanttui.cache.sides import SideCache
from quanttui.engine.process import EngineProcess
from quanttui.engine.scripted import ScriptedEngine
from quanttui.pipeline.recorded_sweep import recorded_sweep, recording_sweep
from quanttui.pipeline.sweep import run_sweep
from quanttui.records import Sweep, SweepRequest
from quanttui.runs.store import RunStore


def earlier(path: Path, run_id: str) -> Sweep | None:
    if not path.exists():
        return None
    with RunStore.open(path) as store:
        return store.read_resumable(run_id).sweep if store.count() else None


def main(folder: Path, engine_name: str) -> None:
    path = folder / "history.db"
    engine = ScriptedEngine() if engine_name == "scripted" else EngineProcess(log_path=folder / "engine.log")
    request: SweepRequest = REQUEST if engine_name == "scripted" else small_real_request()
    resumed = earlier(path, request.run_id)
    events = run_sweep(engine, request, SideCache(folder / "sides"), resumed=resumed)

    def fail(error: Exception) -> None:
        raise error

    for event in recorded_sweep(events, recording_sweep(path, "command"), fail):
        print(type(event).__name__, flush=True)
    engine.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
