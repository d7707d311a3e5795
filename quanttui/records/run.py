"""A run: what was asked, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from quanttui.records.divergence import DivergenceSummary, Score
from quanttui.records.engine import EngineDescription, LoadReport, UnloadReport
from quanttui.records.generation import GenerationSettings, Output
from quanttui.records.model import ModelEntry, ModelIdentity
from quanttui.records.plan import Plan
from quanttui.records.variant import Variant


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to compare. ``reference`` None: the checkpoint's own half-precision type. ``score``: measure divergence.

    ``plan``: as wished; once the run has started, the one that was chosen. Speeds measured side by side share the
    machine."""

    run_id: str
    model: ModelEntry
    reference: Variant | None
    candidates: tuple[Variant, ...]
    prompts: tuple[str, ...]
    generation: GenerationSettings
    score: bool = True
    plan: Plan = Plan.SEQUENTIAL


class DiffOp(StrEnum):
    EQUAL = "equal"
    REPLACE = "replace"
    INSERT = "insert"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class DiffSpan:
    """Tokens [i, j) of the reference's output against tokens [i, j) of the candidate's."""

    op: DiffOp
    reference: tuple[int, int]
    candidate: tuple[int, int]


@dataclass(frozen=True, slots=True)
class LoadRecord:
    """One load of a run, with what was learned when it was given back (None while it is resident)."""

    report: LoadReport
    unload: UnloadReport | None = None


@dataclass(frozen=True, slots=True)
class CandidateResult:
    """``first_divergence``: index of the first generated token that differs, None where the outputs are equal."""

    variant: Variant
    output: Output
    first_divergence: int | None
    diff: tuple[DiffSpan, ...]
    score: Score | None = None
    divergence: DivergenceSummary | None = None


@dataclass(frozen=True, slots=True)
class PromptResult:
    text: str
    reference_variant: Variant
    reference: Output
    candidates: tuple[CandidateResult, ...] = ()


@dataclass(frozen=True, slots=True)
class CandidateSummary:
    """One candidate over all prompts of the run."""

    variant: Variant
    divergence: DivergenceSummary


@dataclass(frozen=True, slots=True)
class Run:
    """A whole run. ``failure`` holds the cause where it did not end well; what was made until then is kept."""

    request: RunRequest
    environment: EngineDescription
    reference: Variant
    model: ModelIdentity | None
    prompts: tuple[PromptResult, ...]
    loads: tuple[LoadRecord, ...]
    summaries: tuple[CandidateSummary, ...] = ()
    failure: str | None = None
