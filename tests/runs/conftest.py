"""Runs for this room's tests: the real pipeline over the scripted engine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from quanttui.engine.scripted import ScriptedEngine, hostile_script
from quanttui.engine.scripted.script import Script
from quanttui.pipeline import run_comparison
from quanttui.records import GenerationSettings, ModelEntry, ModelSource, Run, RunRequest
from quanttui.records.events import RunFailed, RunFinished
from quanttui.variants import parse_variant

MakeRun = Callable[..., Run]


@pytest.fixture
def make_run() -> MakeRun:
    def make(
        *candidates: str,
        prompts: tuple[str, ...] = ("Once upon a time",),
        script: Script | None = None,
        **options: object,
    ) -> Run:
        entry = ModelEntry(id="demo", path="/nowhere", source=ModelSource.DEMO)
        settings = GenerationSettings(**{"max_new_tokens": 30, **options})
        request = RunRequest(
            "run-1", entry, parse_variant("bf16"), tuple(map(parse_variant, candidates or ("nf4",))), prompts, settings
        )
        *_, last = run_comparison(ScriptedEngine(script), request)
        assert isinstance(last, RunFinished | RunFailed)
        assert last.run is not None
        return last.run

    return make


@pytest.fixture
def hostile_run(make_run: MakeRun) -> Run:
    return make_run(script=hostile_script())
