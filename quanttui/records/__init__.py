"""Every frozen value that crosses a layer. Nothing here does anything; nothing here is a tensor or a widget.

A record's module is imported when one of its records is first asked for: a class with slots takes half a millisecond
to make, and the first frame needs few of a hundred. ``__init__.pyi`` says the same to type checkers.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_RECORDS = {
    "divergence": (
        "ConfidenceBucket",
        "DivergenceSummary",
        "FlipKind",
        "KlSummary",
        "NoiseFloor",
        "Score",
        "TokenColumns",
        "TokenScore",
        "TopToken",
        "Verdict",
        "VerdictLevel",
    ),
    "engine": (
        "EncodedText",
        "EncodeRequest",
        "EngineDescription",
        "EstimateRequest",
        "GenerateRequest",
        "LoadProgress",
        "LoadReport",
        "LoadRequest",
        "PromptEncoded",
        "ScoreProgress",
        "ScoreRequest",
        "UnloadReport",
    ),
    "fit": (
        "Fit",
        "FitVerdict",
        "MemoryEstimate",
        "Placement",
    ),
    "generation": (
        "FinishReason",
        "GenerationSettings",
        "Output",
        "Token",
    ),
    "hardware": (
        "DeviceMemory",
        "EngineMemory",
        "GpuProcess",
        "GpuReading",
        "HostReading",
        "MemoryReading",
        "ReadingSource",
    ),
    "model": (
        "ModelEntry",
        "ModelIdentity",
        "ModelSource",
    ),
    "plan": (
        "Plan",
        "PlanChoice",
    ),
    "run": (
        "CandidateResult",
        "CandidateSummary",
        "DiffOp",
        "DiffSpan",
        "LoadRecord",
        "PromptResult",
        "Run",
        "RunRequest",
    ),
    "suite": (
        "EvaluationText",
        "SuitePrompt",
    ),
    "sweep": (
        "AnswerChange",
        "CategoryDivergence",
        "Interval",
        "PairComparison",
        "PairedFlips",
        "PairedKl",
        "PairFinding",
        "SmallestDetectable",
        "SweepLimits",
        "SweepPart",
        "SweepResult",
        "SweepVerdict",
        "SweptVariant",
    ),
    "sweep_run": (
        "MeasuredSpeed",
        "Sweep",
        "SweepBudget",
        "SweepCell",
        "SweepProgress",
        "SweepProtocol",
        "SweepRequest",
        "SweepSnapshot",
        "SweepUnit",
        "UnitsRead",
        "VariantFailure",
        "VariantProgress",
    ),
    "variant": (
        "Precision",
        "Variant",
    ),
}
_MODULES = {name: module for module, names in _RECORDS.items() for name in names}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{module}"), name)
    return value
