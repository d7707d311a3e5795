"""A small sweep over a scripted engine, and a clock that its work moves."""

from __future__ import annotations

from pathlib import Path

import quanttui
from quanttui.engine.scripted import ScriptedEngine, default_script
from quanttui.models.catalog import resolve_model
from quanttui.records import (
    EvaluationText,
    GenerationSettings,
    ModelEntry,
    ModelSource,
    Precision,
    SuitePrompt,
    SweepBudget,
    SweepProtocol,
    SweepRequest,
)
from quanttui.suite.built_in import built_in_prompts, built_in_text
from quanttui.variants import parse_variant

FOLDER = Path(quanttui.__file__).parent / "models" / "demo" / "model"
MODEL = ModelEntry("demo", str(FOLDER), ModelSource.DEMO, dtype=Precision.BF16)
BF16, INT8, NF4, FP4 = map(parse_variant, ("bf16", "int8", "nf4", "fp4"))
WORDS = "the old woman went to the well and the frog looked at her with one eye only. "
CATEGORIES = ("story", "facts", "code")
REQUEST = SweepRequest(
    "run-1",
    MODEL,
    None,
    (INT8, NF4, FP4),
    prompts=tuple(
        SuitePrompt(f"{category}-{number}", category, f"{category} number {number}, once upon a time")
        for category in CATEGORIES
        for number in range(2)
    ),
    texts=(EvaluationText("tale", WORDS * 12),),
    generation=GenerationSettings(max_new_tokens=12),
    protocol=SweepProtocol(context_length=48, speed_prompts=2, speed_tokens=8),
)
UNITS = 10  # four windows, six prompts


def faulty(*faults, **changes):
    return ScriptedEngine(default_script(faults=faults, **changes))


class WorkClock:
    """Moved by the engine's steps: ``cost(stage, spelling)`` seconds each. A ``Hold`` and a clock."""

    def __init__(self, cost):
        self.now = 1000.0
        self._cost = cost

    def __call__(self, *step):
        if step:
            stage, variant, _ = step
            self.now += self._cost(stage, variant.spelling)
        return self.now


def small_real_request():
    """Of the real demo model: three prompts and two windows."""
    return SweepRequest(
        "run-1",
        resolve_model("demo"),
        None,
        (INT8, NF4),
        prompts=built_in_prompts()[::25],
        texts=(built_in_text(),),
        generation=GenerationSettings(max_new_tokens=12),
        protocol=SweepProtocol(context_length=96, speed_tokens=0),
        budget=SweepBudget(text_tokens=96),
    )
