"""A process that is warm already and forks recorders, one a line of its standard input, to be killed.

    record DATABASE NAME RUNS SCALE    write so many runs, one line on stdout for each step that is on the disk
    open DATABASE                      open the database and close it

A recorder tells its process id first. "gone" is told once all of a line's recorders were reaped.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from pathlib import Path

from history_helpers import ORIGIN, events_of, request

from quanttui.records.events import (
    CandidateScored,
    ModelLoaded,
    ModelUnloaded,
    OutputFinished,
    RunEvent,
    RunFinished,
    RunStarted,
)
from quanttui.runs.recorder import RunRecorder
from quanttui.runs.store import RunStore


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
