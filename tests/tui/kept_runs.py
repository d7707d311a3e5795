"""Runs in a history of their own, made on the scripted engine, and an app that can look at them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from scripted_app import DEMO, make_app, screen_text
from textual.pilot import Pilot

from quanttui.engine.scripted import Script, ScriptedEngine, default_script
from quanttui.pipeline import run_comparison
from quanttui.records import GenerationSettings, RunRequest
from quanttui.records.events import RunEvent, RunStarted
from quanttui.records.history import RunOrigin, StoredRun
from quanttui.runs.recorder import RunRecorder
from quanttui.runs.store import RunStore
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.history_access import HistoryAccess
from quanttui.tui.screens.history import HistoryScreen
from quanttui.tui.widgets.run_list import RunList
from quanttui.variants import parse_variant

ORIGIN = RunOrigin("0.1.0", "command", "ab" * 32)
FIRST_SECONDS = 1_763_000_000.0
HOUR = 3600.0


def request(run_id: str, *candidates: str, prompt: str = "Once upon a time", **changes: Any) -> RunRequest:
    entry = replace(DEMO, id=changes.pop("model_id", "demo"))
    variants = tuple(map(parse_variant, candidates or ("int8", "nf4")))
    prompts = changes.pop("prompts", (prompt,))
    return RunRequest(run_id, entry, None, variants, prompts, GenerationSettings(**changes))


def events_of(asked: RunRequest, script: Script | None = None, stop_after: int | None = None) -> Iterator[RunEvent]:
    """``stop_after``: so many events, and then the user stops it."""
    told: list[RunEvent] = []
    for event in run_comparison(
        ScriptedEngine(script or default_script()), asked, lambda: stop_after is not None and len(told) >= stop_after
    ):
        told.append(event)
        yield event


def keep(path: Path, asked: RunRequest, script: Script | None = None, *, hour: float = 0, **how: Any) -> list[RunEvent]:
    """The run in the history at ``path``, begun so many hours after the first; gives its events."""
    told = list(events_of(asked, script, **how))
    assert isinstance(told[0], RunStarted)
    store = RunStore.open(path, lambda: FIRST_SECONDS + hour * HOUR)
    with closing(RunRecorder(store, told[0], ORIGIN)) as recorder:
        for event in told[1:]:
            recorder.note(event)
    return told


def stored(path: Path, run_id: str) -> StoredRun:
    with RunStore.open_existing(path) as store:
        return store.read(run_id)


def looking(path: Path, script: Script | None = None, **changes: Any) -> QuantTuiApp:
    """An app whose history lies at ``path``; ``changes`` of the access go by ``access_…``."""
    own = {name.removeprefix("access_"): changes.pop(name) for name in list(changes) if name.startswith("access_")}
    return make_app(script, history=HistoryAccess(partial(RunStore.open_existing, path), **own), **changes)


async def open_history(pilot: Pilot[None]) -> HistoryScreen:
    """The history, once its first answers are there."""
    app = pilot.app
    assert isinstance(app, QuantTuiApp)
    await pilot.press("h")
    await seen(pilot, lambda: isinstance(app.screen, HistoryScreen) and app.screen.total is not None)
    screen = app.screen
    assert isinstance(screen, HistoryScreen)
    return screen


async def seen(pilot: Pilot[None], condition: Any) -> None:
    """Let the app work until ``condition`` holds."""
    for _ in range(500):
        if condition():
            await pilot.pause()
            return
        await pilot.pause(0.01)
    raise AssertionError("it never came to that:\n" + screen_text(pilot.app))  # type: ignore[arg-type]  # an app of ours


def names(screen: HistoryScreen) -> list[str]:
    """The ids of the listed runs, as far as they are known."""
    runs = screen.query_one(RunList)
    lines = (runs.line_at(row) for row in range(screen.total or 0))
    return [line.run_id for line in lines if line is not None]
