"""What a run tells while it goes on: past tense, one frozen value each. ``prompt`` is an index into the request's."""

from __future__ import annotations

from dataclasses import dataclass

from quanttui.records.divergence import DivergenceSummary, Score
from quanttui.records.engine import (
    EngineDescription,
    LoadProgress,
    LoadReport,
    PromptEncoded,
    ScoreProgress,
    UnloadReport,
)
from quanttui.records.fit import MemoryEstimate
from quanttui.records.generation import Output, Token
from quanttui.records.run import DiffSpan, Run, RunRequest
from quanttui.records.variant import Variant


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The engine is warm, the reference is settled, and so is the plan: the request's own. ``plan_reason`` says why,
    where there was a choice."""

    request: RunRequest
    environment: EngineDescription
    reference: Variant
    plan_reason: str = ""


@dataclass(frozen=True, slots=True)
class LoadStarted:
    """``predicted``: what it will take, None where the engine cannot tell."""

    variant: Variant
    is_reference: bool
    predicted: MemoryEstimate | None = None


@dataclass(frozen=True, slots=True)
class LoadProgressed:
    variant: Variant
    progress: LoadProgress


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    variant: Variant
    report: LoadReport


@dataclass(frozen=True, slots=True)
class PromptPrepared:
    """The prompt is encoded; what is waited for now is the first token."""

    variant: Variant
    prompt: int
    encoded: PromptEncoded


@dataclass(frozen=True, slots=True)
class TokenGenerated:
    variant: Variant
    prompt: int
    token: Token


@dataclass(frozen=True, slots=True)
class OutputFinished:
    """An output is whole. For a candidate, ``diff`` aligns it with the reference's; for the reference it is empty."""

    variant: Variant
    prompt: int
    output: Output
    is_reference: bool
    first_divergence: int | None = None
    diff: tuple[DiffSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreProgressed:
    variant: Variant
    prompt: int
    progress: ScoreProgress


@dataclass(frozen=True, slots=True)
class CandidateScored:
    variant: Variant
    prompt: int
    score: Score
    divergence: DivergenceSummary | None = None


@dataclass(frozen=True, slots=True)
class ModelUnloaded:
    variant: Variant
    report: UnloadReport


@dataclass(frozen=True, slots=True)
class RunFinished:
    run: Run


@dataclass(frozen=True, slots=True)
class RunFailed:
    """The run ended early. ``run`` keeps what was made, None where it had not started.

    ``message`` and ``hint`` as in ``QuantTuiError``, raw; ``exit_code`` what a command should end with (130:
    cancelled by the user).
    """

    run: Run | None
    message: str
    hint: str
    exit_code: int

    @property
    def was_cancelled(self) -> bool:
        return self.exit_code == 130


RunEvent = (
    RunStarted
    | LoadStarted
    | LoadProgressed
    | ModelLoaded
    | PromptPrepared
    | TokenGenerated
    | OutputFinished
    | ScoreProgressed
    | CandidateScored
    | ModelUnloaded
    | RunFinished
    | RunFailed
)
