"""Folds the events of a run into the ``Run`` they describe. Pure: no engine, no clock."""

from __future__ import annotations

from dataclasses import replace

from quanttui.compare.divergence import summarize
from quanttui.records import CandidateResult, CandidateSummary, LoadRecord, PromptResult, Run, Variant
from quanttui.records.events import (
    CandidateScored,
    ModelLoaded,
    ModelUnloaded,
    OutputFinished,
    RunEvent,
    RunStarted,
)


def apply_event(run: Run | None, event: RunEvent) -> Run | None:
    """``run`` after ``event``; None until the run has started. Events that change nothing return it as it was."""
    if isinstance(event, RunStarted):
        return Run(event.request, event.environment, event.reference, model=None, prompts=(), loads=())
    if run is None:
        return None
    match event:
        case ModelLoaded(report=report):
            return replace(run, model=run.model or report.model, loads=_in_order(run, [*run.loads, LoadRecord(report)]))
        case ModelUnloaded(variant=variant, report=unload):
            loads = tuple(
                replace(load, unload=unload) if load.report.variant == variant and load.unload is None else load
                for load in run.loads
            )
            return replace(run, loads=loads)
        case OutputFinished(is_reference=True):
            result = PromptResult(run.request.prompts[event.prompt], run.reference, event.output)
            return replace(run, prompts=(*run.prompts, result))
        case OutputFinished():
            candidate = CandidateResult(event.variant, event.output, event.first_divergence, event.diff)
            result = run.prompts[event.prompt]
            candidates = sorted((*result.candidates, candidate), key=lambda c: _place(run, c.variant))
            return _with_prompt(run, event.prompt, replace(result, candidates=tuple(candidates)))
        case CandidateScored():
            result = run.prompts[event.prompt]
            scored = _with_score(result.candidates, event.variant, event)
            return _with_prompt(run, event.prompt, replace(result, candidates=scored))
    return run


def with_summaries(run: Run) -> Run:
    """``run`` with each scored candidate's divergence pooled over the prompts. Raises MeasurementError."""
    summaries = []
    for variant in run.request.candidates:
        scores = [c.score for prompt in run.prompts for c in prompt.candidates if c.variant == variant and c.score]
        if scores:
            pooled = summarize(scores, reference=run.reference.spelling, candidate=variant.spelling)
            summaries.append(CandidateSummary(variant, pooled))
    return replace(run, summaries=tuple(summaries))


def _in_order(run: Run, loads: list[LoadRecord]) -> tuple[LoadRecord, ...]:
    """The reference's first, then the candidates' as they were asked for, whichever came first."""
    reference = next((load for load in loads if load.report.variant == run.reference), None)
    return tuple(sorted(loads, key=lambda load: -1 if load is reference else _place(run, load.report.variant)))


def _place(run: Run, variant: Variant) -> int:
    return run.request.candidates.index(variant) if variant in run.request.candidates else -1


def _with_prompt(run: Run, index: int, result: PromptResult) -> Run:
    return replace(run, prompts=(*run.prompts[:index], result, *run.prompts[index + 1 :]))


def _with_score(
    candidates: tuple[CandidateResult, ...], variant: Variant, event: CandidateScored
) -> tuple[CandidateResult, ...]:
    return tuple(
        replace(c, score=event.score, divergence=event.divergence) if c.variant == variant else c for c in candidates
    )
