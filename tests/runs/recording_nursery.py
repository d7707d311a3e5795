"""A process that is warm already and forks recorders, one a line of its standard input, to be killed.

    record DATABASE NAME RUNS    write so many runs, one line on stdout for each step that is on the disk
    sweep DATABASE NAME          write a sweep, or the rest of one that is there, one line for each step
    open DATABASE                open the database and close it

A recorder tells its process id first. "gone" is told once all of a line's recorders were reaped.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from history_helpers import ORIGIN, events_of, request
from sweep_helpers import sweep_events, sweep_request

from quanttui.records.events import (
    CandidateScored,
    ModelLoaded,
    ModelUnloaded,
    OutputFinished,
    RunEvent,
    RunFinished,
    RunStarted,
)
from quanttui.records.sweep_events import CellScored, SweepFinished, SweepStarted, UnitRead
from quanttui.runs.recorder import RunRecorder
from quanttui.runs.store import RunStore
from quanttui.runs.sweep_recorder import SweepRecorder


def main() -> None:
    for line in sys.stdin:
        jobs = [job.split() for job in line.split("&")]
        children = [_forked(job) for job in jobs]
        for child in children:
            os.waitpid(child, 0)
        _tell({"kind": "gone"})


def _forked(job: list[str]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        _tell({"kind": "born", "process_id": os.getpid()})
        if job[0] == "open":
            RunStore.open(Path(job[1])).close()
        elif job[0] == "sweep":
            _sweep(Path(job[1]), job[2])
        else:
            for number in range(int(job[3])):
                _record(Path(job[1]), f"{job[2]}-{number}")
        code = 0
    finally:
        os._exit(code)


def _record(path: Path, run_id: str) -> None:
    events = events_of(request(run_id, "int8", "nf4", prompts=("Once", "A king")))
    started = next(events)
    assert isinstance(started, RunStarted)
    with closing(RunRecorder(RunStore.open(path), started, ORIGIN)) as recorder:
        _tell({"kind": "start", "run_id": run_id})
        for event in events:
            recorder.note(event)
            if step := _step(event):
                _tell({**step, "run_id": run_id})


def _sweep(path: Path, run_id: str) -> None:
    asked = sweep_request(run_id, "int8", "nf4", "fp4", prompts=6, texts=3)
    with RunStore.open(path) as store:
        known = store.count()
        had = replace(store.read_resumable(run_id).sweep, failure=None) if known else None
    events = sweep_events(asked, had)
    started = next(events)
    assert isinstance(started, SweepStarted)
    with closing(SweepRecorder(RunStore.open(path), started, ORIGIN)) as recorder:
        for event in events:
            recorder.note(event)
            match event:
                case UnitRead(unit=unit):
                    _tell({"kind": "unit", "unit": unit.index})
                case CellScored(cell=cell):
                    _tell({"kind": "cell", "variant": cell.variant.spelling, "unit": cell.unit})
                case SweepFinished():
                    _tell({"kind": "done"})


def _step(event: RunEvent) -> dict[str, object] | None:
    match event:
        case ModelLoaded(variant=variant):
            return {"kind": "load", "variant": variant.spelling}
        case ModelUnloaded(variant=variant):
            return {"kind": "unload", "variant": variant.spelling}
        case OutputFinished(variant=variant, prompt=prompt, output=output):
            ids = list(output.token_ids)
            return {"kind": "output", "variant": variant.spelling, "prompt": prompt, "token_ids": ids}
        case CandidateScored(variant=variant, prompt=prompt, score=score):
            return {"kind": "score", "variant": variant.spelling, "prompt": prompt, "tokens": len(score.tokens)}
        case RunFinished():
            return {"kind": "done"}
    return None


def _tell(fact: dict[str, object]) -> None:
    os.write(1, json.dumps(fact).encode() + b"\n")


if __name__ == "__main__":
    main()
