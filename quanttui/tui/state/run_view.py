"""Folds the events of a run into what the screen shows. Pure: no widget, no clock, no engine."""

from __future__ import annotations

from dataclasses import replace

from quanttui.compare.reading import Reading, read_diff
from quanttui.records import DiffSpan, FinishReason, Plan, Run, RunRequest, Variant
from quanttui.records.events import (
    CandidateScored,
    LoadProgressed,
    LoadStarted,
    ModelLoaded,
    ModelUnloaded,
    OutputFinished,
    PromptPrepared,
    RunEvent,
    RunFailed,
    RunFinished,
    RunStarted,
    ScoreProgressed,
    TokenGenerated,
)
from quanttui.tui.state.folding import Fold, folds_of
from quanttui.tui.state.live_diff import LiveDiff
from quanttui.tui.state.variant_view import Stage, VariantView


class RunView:
    """One run: a view of the reference and one of each candidate, which candidate is shown, and how it ended.

    Shows the first prompt. ``shown`` follows the candidate at work until the user picks one.
    """

    def __init__(self, request: RunRequest) -> None:
        self.request = request
        self.reference: VariantView | None = (
            VariantView(request.reference, is_reference=True) if request.reference else None
        )
        self.candidates = [VariantView(variant, is_reference=False) for variant in request.candidates]
        self.shown = 0
        self.current: VariantView | None = None
        self.plan_reason = ""
        self.failure: RunFailed | None = None
        self.result: Run | None = None
        self.is_over = False
        self.stopping = False
        self.cursor: int | None = None
        self.is_folded = False
        self.paints_all = False
        self._readings: dict[Variant, Reading] = {}
        self._follows = True
        self._live: dict[Variant, LiveDiff] = {}

    @property
    def candidate(self) -> VariantView | None:
        """The candidate that is shown."""
        return self.candidates[self.shown] if self.candidates else None

    @property
    def is_parallel(self) -> bool:
        return self.request.plan is Plan.PARALLEL

    @property
    def at_work(self) -> list[VariantView]:
        """Those that are loading, generating or scoring now."""
        return [view for view in (self.reference, *self.candidates) if view is not None and view.is_at_work]

    def show(self, index: int) -> None:
        """The user picks a candidate; from now on the screen does not follow the work."""
        self._follows = False
        index %= len(self.candidates)
        if index != self.shown:
            self.shown, self.cursor = index, None

    def view_of(self, variant: Variant) -> VariantView | None:
        views = [view for view in (self.reference, *self.candidates) if view is not None]
        return next((view for view in views if view.variant == variant), None)

    def reading(self, of: VariantView | None = None) -> Reading:
        """How a candidate's text (the shown one's) lies beside the reference's, as far as both are there."""
        view = of or self.candidate
        if self.reference is None or view is None or view.is_reference:
            return Reading()
        if view.output is None:
            live = self._live.setdefault(view.variant, LiveDiff())
            ours = self.reference.tokens
            told = view.tokens if self.reference.output is not None else view.tokens[: len(ours)]
            return live.reading(ours, told, key=view.variant)
        if view.variant not in self._readings:
            self._readings[view.variant] = read_diff(view.diff, self.reference.pieces, view.pieces)
        return self._readings[view.variant]

    def folds(self, cursor: int | None, of: VariantView | None = None) -> tuple[Fold, ...]:
        """What is folded away of a candidate's text (the shown one's) and the reference's, once both are whole."""
        view = of or self.candidate
        if not self.is_folded or self.reference is None or view is None or view.output is None:
            return ()
        return folds_of(self.reading(view), self.reference.pieces, cursor)

    def differences(self, of: VariantView | None = None) -> tuple[DiffSpan, ...]:
        """Those that a reader sees, as ``reading`` joins them."""
        return self.reading(of).differences

    def step(self, by: int) -> DiffSpan | None:
        """Move the cursor to the next (1) or previous (-1) difference, round the end; None where there is none."""
        differences = self.differences()
        if not differences:
            self.cursor = None
            return None
        start = -1 if by > 0 else 0
        self.cursor = ((start if self.cursor is None else self.cursor) + by) % len(differences)
        return differences[self.cursor]

    def current_difference(self) -> DiffSpan | None:
        differences = self.differences()
        if self.cursor is None or self.cursor >= len(differences):
            return None
        return differences[self.cursor]

    def apply(self, event: RunEvent) -> None:
        match event:
            case RunStarted(reference=variant):
                self.request, self.plan_reason = replace(self.request, plan=event.request.plan), event.plan_reason
                self.reference = VariantView(variant, is_reference=True)
            case RunFinished(run=run):
                self.result, self.is_over = run, True
                self._enter(None)
            case RunFailed():
                self._fail(event)
            case _ if (view := self.view_of(event.variant)) is not None:
                self._apply_to(view, event)
            case _:
                pass

    def _apply_to(self, view: VariantView, event: RunEvent) -> None:
        match event:
            case LoadStarted():
                self._enter(view)
                _progress(view, Stage.LOADING, "reading weights", 0, 0)
            case LoadProgressed(progress=made):
                _progress(view, Stage.LOADING, made.stage, made.done, made.total)
            case ModelLoaded(report=report):
                view.report = report
                _progress(view, Stage.PREPARING, "reading the prompt", 0, 0)
            case PromptPrepared():
                _progress(view, Stage.GENERATING, "", 0, self.request.generation.max_new_tokens)
            case TokenGenerated(prompt=0, token=token):
                view.tokens.append(token)
                view.done = len(view.tokens)
            case OutputFinished(prompt=0):
                view.output, view.first_divergence, view.diff = event.output, event.first_divergence, event.diff
            case ScoreProgressed(progress=scored):
                _progress(view, Stage.SCORING, "", scored.done_tokens, scored.total_tokens)
            case CandidateScored(prompt=0):
                view.score, view.divergence = event.score, event.divergence
            case ModelUnloaded(report=unload):
                view.unload = unload
                view.stage = Stage.DONE
            case _:
                pass

    def _enter(self, view: VariantView | None) -> None:
        self.current = view
        if view is not None and not view.is_reference and self._follows:
            self.shown, self.cursor = self.candidates.index(view), None

    def _fail(self, event: RunFailed) -> None:
        self.failure, self.result, self.is_over = event, event.run, True
        stage = Stage.STOPPED if event.was_cancelled else Stage.FAILED
        for at in self._begun():
            if not (at.stage is Stage.DONE and self._is_whole(at)):
                at.stage = stage
        for view in (self.reference, *self.candidates):
            if view is not None and view.stage is Stage.WAITING:
                view.stage = Stage.STOPPED

    def _begun(self) -> list[VariantView]:
        """Those that a failure can have met."""
        latest = [self.current or self.reference]
        views = [self.reference, *self.candidates] if self.is_parallel else latest
        return [view for view in views if view is not None and (view in latest or view.stage is not Stage.WAITING)]

    def _is_whole(self, view: VariantView) -> bool:
        """Given back with all that was asked of it: a model that fails or is stopped is given back too."""
        if view.output is not None and view.output.finish_reason is FinishReason.CANCELLED:
            return False
        was_measured = view.is_reference or view.score is not None or not self.request.score
        return view.output is not None and (was_measured or not (self.reference and self.reference.tokens))


def _progress(view: VariantView, stage: Stage, label: str, done: int, total: int) -> None:
    view.stage, view.stage_label, view.done, view.total = stage, label, done, total
