"""Sweeps in a history of their own, made on the scripted engine, and an app that sweeps into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from kept_runs import FIRST_SECONDS, HOUR, ORIGIN, seen
from scripted_app import DEMO, make_app
from textual.pilot import Pilot

from quanttui.cache.sides import SideCache
from quanttui.engine.scripted import Script, ScriptedEngine, default_script
from quanttui.pipeline.recorded_sweep import recording_sweep
from quanttui.pipeline.sweep import run_sweep
from quanttui.records import EvaluationText, SuitePrompt, SweepProtocol, SweepRequest
from quanttui.records.sweep_events import SweepEvent, SweepStarted
from quanttui.runs.store import RunStore
from quanttui.runs.sweep_recorder import SweepRecorder
from quanttui.session import SweepChoices
from quanttui.suite.built_in import built_in_categories, built_in_text
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.history_access import HistoryAccess
from quanttui.tui.screens.sweep import SweepScreen
from quanttui.tui.services import InitialChoices
from quanttui.variants import parse_variant

PROMPTS = tuple(
    SuitePrompt(f"{category}-{number}", category, f"{category} number {number}: once upon a time")
    for number in range(2)
    for category in ("story", "facts", "code")
)
TEXTS = (EvaluationText("notes", built_in_text().text[:2_000]),)
SMALL = SweepChoices(left_out=tuple(each for each in built_in_categories() if each != "story"), built_in_text=False)

_ORIGIN = replace(ORIGIN, weights_header_sha256=None)
"""The model's folder holds no weights, and whoever takes a sweep up looks."""


def sweep_request(run_id: str, *candidates: str, **changes: Any) -> SweepRequest:
    entry = replace(DEMO, id=changes.pop("model_id", "demo"))
    variants = tuple(map(parse_variant, candidates or ("int8", "nf4")))
    asked = SweepRequest(run_id, entry, None, variants, PROMPTS, TEXTS, protocol=SweepProtocol(64))
    return replace(asked, **changes)


def sweep_events(
    folder: Path, asked: SweepRequest, script: Script | None = None, stop_after: int | None = None
) -> Iterator[SweepEvent]:
    """``stop_after``: so many events, and then the user stops it."""
    told: list[SweepEvent] = []
    engine = ScriptedEngine(script or default_script())

    def stopped() -> bool:
        return stop_after is not None and len(told) >= stop_after

    for event in run_sweep(engine, asked, SideCache(folder / "sides"), stopped):
        told.append(event)
        yield event


def keep_sweep(
    path: Path, asked: SweepRequest, script: Script | None = None, *, hour: float = 0, **how: Any
) -> list[SweepEvent]:
    """The sweep in the history at ``path``, begun so many hours after the first run; gives its events."""
    told = list(sweep_events(path.parent, asked, script, **how))
    recorder = open_sweep(path, told[0], hour=hour)
    with closing(recorder):
        for event in told[1:]:
            recorder.note(event)
    return told


def open_sweep(path: Path, started: SweepEvent, *, hour: float = 0) -> SweepRecorder:
    """As another process has it open that works on it: what it is given is in the history at once."""
    assert isinstance(started, SweepStarted)
    return SweepRecorder(RunStore.open(path, lambda: FIRST_SECONDS + hour * HOUR), started, _ORIGIN)


def sweeping(path: Path, script: Script | None = None, **changes: Any) -> QuantTuiApp:
    """An app whose history lies at ``path``, and whose form has ten prompts ticked."""
    changes.setdefault("choices", InitialChoices(sweep=SMALL))
    access = HistoryAccess(partial(RunStore.open_existing, path))
    return make_app(script, history=access, record_sweep=recording_sweep(path, "screen"), **changes)


async def start_sweep(pilot: Pilot[None]) -> SweepScreen:
    """By its two keys; until it has its own screen."""
    app = pilot.app
    assert isinstance(app, QuantTuiApp)
    await pilot.press("s", "f5")
    await seen(pilot, lambda: isinstance(app.screen, SweepScreen))
    assert isinstance(app.screen, SweepScreen)
    return app.screen


async def finish_sweep(pilot: Pilot[None]) -> None:
    """Until it is over and painted."""
    app = pilot.app
    assert isinstance(app, QuantTuiApp)
    await seen(pilot, lambda: app.main.sweep is not None and app.main.sweep.is_over)
    await pilot.pause()
