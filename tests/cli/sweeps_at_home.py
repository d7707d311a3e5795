"""Sweeps in a home's history, made by the real pipeline over the scripted engine."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

from quanttui.cache.sides import SideCache
from quanttui.engine.scripted import ScriptedEngine
from quanttui.errors import HistoryError
from quanttui.pipeline.recorded_sweep import recorded_sweep, recording_sweep
from quanttui.pipeline.sweep import run_sweep
from quanttui.records import (
    EvaluationText,
    GenerationSettings,
    ModelEntry,
    ModelSource,
    SuitePrompt,
    SweepProtocol,
    SweepRequest,
)
from quanttui.records.sweep_events import SweepEvent
from quanttui.variants import parse_variant

TEXT = EvaluationText("king.txt", "Once upon a time there was a king. " * 40)
PROMPTS = tuple(SuitePrompt(f"p{n}", ("story", "facts")[n % 2], f"Prompt number {n}") for n in range(4))


def sweep_request(run_id: str, *candidates: str, **changes: Any) -> SweepRequest:
    asked: dict[str, Any] = {
        "prompts": PROMPTS,
        "texts": (TEXT,),
        "generation": GenerationSettings(12),
        "protocol": SweepProtocol(32, speed_tokens=0),
    }
    variants = tuple(map(parse_variant, candidates or ("int8", "nf4")))
    entry = ModelEntry(changes.pop("model_id", "demo"), "/nowhere", ModelSource.DEMO)
    return SweepRequest(run_id, entry, parse_variant("bf16"), variants, **asked | changes)


def keep_sweep(home: Path, request: SweepRequest, events: int | None = None) -> SweepEvent:
    """Run ``request`` and keep it, or the first so many ``events`` of it; its last one."""
    sides, record = SideCache(home / "sides"), recording_sweep(home / "quanttui" / "data" / "history.db", "command")
    recording = recorded_sweep(run_sweep(ScriptedEngine(), request, sides), record, _unexpected)
    *_, last = islice(recording, events)
    recording.close()  # type: ignore[attr-defined]  # a generator
    return last


def _unexpected(error: HistoryError) -> None:
    raise AssertionError(error)
