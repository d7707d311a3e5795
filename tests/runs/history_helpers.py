"""Runs for the history's tests: scripted events, a store in a folder of its own."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from quanttui.engine.scripted import ScriptedEngine
from quanttui.engine.scripted.script import Script
from quanttui.pipeline import run_comparison
from quanttui.records import GenerationSettings, ModelEntry, ModelSource, RunRequest
from quanttui.records.events import RunEvent, RunFailed, RunFinished, RunStarted
from quanttui.records.history import RunOrigin
from quanttui.runs.recorder import RunRecorder
from quanttui.runs.store import RunStore
from quanttui.variants import parse_variant

ORIGIN = RunOrigin("0.1.0", "command", "ab" * 32)


def request(
    run_id: str = "run-1", *candidates: str, prompts: tuple[str, ...] = ("Once",), **changes: Any
) -> RunRequest:
    entry = ModelEntry(changes.pop("model_id", "demo"), "/nowhere", ModelSource.DEMO)
    settings = GenerationSettings(**{"max_new_tokens": 12, **changes})
    variants = tuple(map(parse_variant, candidates or ("nf4",)))
    return RunRequest(run_id, entry, parse_variant("bf16"), variants, prompts, settings)


def events_of(asked: RunRequest, script: Script | None = None) -> Iterator[RunEvent]:
    return run_comparison(ScriptedEngine(script), asked)


def record(path: Path, asked: RunRequest, script: Script | None = None, clock: Any = None) -> RunFinished | RunFailed:
    """The run, written into the history at ``path``; gives its last event."""
    events = events_of(asked, script)
    started = next(events)
    assert isinstance(started, RunStarted)
    store = RunStore.open(path, clock) if clock else RunStore.open(path)
    last: RunEvent = started
    with closing(RunRecorder(store, started, ORIGIN)) as recorder:
        for last in events:
            recorder.note(last)
    assert isinstance(last, RunFinished | RunFailed)
    return last


def same(left: Any, right: Any) -> bool:
    """Equality that takes NaN for equal to NaN, and is strict about types."""
    if dataclasses.is_dataclass(left):
        names = [field.name for field in dataclasses.fields(left)]
        return type(left) is type(right) and all(same(getattr(left, name), getattr(right, name)) for name in names)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, float) and math.isnan(left):
        return isinstance(right, float) and math.isnan(right)
    return bool(left == right) and type(left) is type(right)
