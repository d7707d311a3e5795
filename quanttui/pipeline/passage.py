"""One variant's way through an engine, from its load to its unload, as an iterator of events. Knows no other variant
but what the reference left."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from textwrap import shorten
from typing import Any

from quanttui.compare.diff import diff_tokens, first_divergence
from quanttui.compare.divergence import summarize
from quanttui.engine.base import Engine, LoadedModel
from quanttui.errors import LoadError, UsageError, VariantUnsupportedError
from quanttui.pipeline.driving import Made, Result, stopped, watched
from quanttui.pipeline.references import References
from quanttui.records import (
    EstimateRequest,
    FinishReason,
    GenerateRequest,
    LoadRequest,
    MemoryEstimate,
    Output,
    Precision,
    PromptEncoded,
    RunRequest,
    ScoreRequest,
    Variant,
)
from quanttui.records.events import (
    CandidateScored,
    LoadProgressed,
    LoadStarted,
    ModelLoaded,
    ModelUnloaded,
    OutputFinished,
    PromptPrepared,
    RunEvent,
    ScoreProgressed,
    TokenGenerated,
)
from quanttui.records.generation import most_tokens


@dataclass(frozen=True, slots=True)
class Task:
    """A run's request and what was settled before its first load. ``most_threads``: each model's on a CPU.

    ``estimates``: what was foretold so far; each variant is asked about once.
    """

    request: RunRequest
    reference: Variant
    dtype: Precision
    most_threads: int | None = None
    estimates: dict[Variant, MemoryEstimate] = field(default_factory=dict)

    @property
    def variants(self) -> tuple[Variant, ...]:
        return (self.reference, *self.request.candidates)

    def load_request(self, variant: Variant) -> LoadRequest:
        entry = self.request.model
        return LoadRequest(entry.id, entry.path, variant, self.dtype, self.most_threads)

    def estimate_request(self, variant: Variant) -> EstimateRequest:
        return EstimateRequest(self.load_request(variant), planned_tokens(self.request), self.request.score)


class Passage:
    """``given_back``: the model that was loaded when this failed, to be told before the failure is.

    ``loaded`` is called once the model is there.
    """

    def __init__(
        self,
        task: Task,
        variant: Variant,
        engine: Engine,
        references: References,
        cancelled: Callable[[], bool],
        *,
        is_reference: bool,
        loaded: Callable[[], None] = lambda: None,
    ) -> None:
        self.given_back: ModelUnloaded | None = None
        self._task = task
        self._request = task.request
        self._variant = variant
        self._is_reference = is_reference
        self._engine = engine
        self._references = references
        self._cancelled = cancelled
        self._loaded = loaded

    def events(self) -> Iterator[RunEvent]:
        variant, is_reference = self._variant, self._is_reference
        predicted = self._predict()
        yield LoadStarted(variant, is_reference, predicted)
        load = self._engine.load(self._task.load_request(variant))
        model = yield from self._watched(load, lambda p: LoadProgressed(variant, p))
        try:
            yield ModelLoaded(variant, replace(model.report, predicted=predicted))
            self._loaded()
            for prompt in range(len(self._request.prompts)):
                yield from self._one_prompt(model, prompt)
        finally:
            self.given_back = ModelUnloaded(variant, model.unload())
        unloaded, self.given_back = self.given_back, None
        yield unloaded

    def _predict(self) -> MemoryEstimate | None:
        """What the load will take; None where the engine cannot tell: the load itself says why, in better words."""
        if self._cancelled():
            raise stopped()
        return predict(self._engine, self._task, self._variant)

    def _one_prompt(self, model: LoadedModel, prompt: int) -> Iterator[RunEvent]:
        output = yield from self._generate(model, prompt)
        if self._is_reference:
            yield OutputFinished(self._variant, prompt, output, is_reference=True)
            self._references.put_output(prompt, output)
        else:
            ours = self._references.output(prompt).token_ids
            diff, first = diff_tokens(ours, output.token_ids), first_divergence(ours, output.token_ids)
            yield OutputFinished(self._variant, prompt, output, False, first, diff)
        if output.finish_reason is FinishReason.CANCELLED:
            raise stopped()
        if self._request.score and self._references.output(prompt).token_ids:
            yield from self._score(model, prompt)

    def _generate(self, model: LoadedModel, prompt: int) -> Generator[RunEvent, None, Output]:
        keep_states = self._is_reference and self._request.score
        request = GenerateRequest(self._request.prompts[prompt], self._request.generation, keep_states=keep_states)

        def as_event(event: Any) -> RunEvent:
            if isinstance(event, PromptEncoded):
                return PromptPrepared(self._variant, prompt, event)
            return TokenGenerated(self._variant, prompt, event)

        with _naming_prompt(self._request.prompts, prompt):
            return (yield from self._watched(model.generate(request), as_event))

    def _score(self, model: LoadedModel, prompt: int) -> Iterator[RunEvent]:
        variant, request = self._variant, self._score_request(prompt)
        if not self._is_reference:
            self._references.wait_for_side(prompt)
        score = yield from self._watched(model.score(request), lambda p: ScoreProgressed(variant, prompt, p))
        if score is None:
            self._references.put_side(prompt)
        else:
            names = {"reference": self._task.reference.spelling, "candidate": variant.spelling}
            yield CandidateScored(variant, prompt, score, summarize([score], **names))

    def _score_request(self, prompt: int) -> ScoreRequest:
        reference = self._references.output(prompt)
        return ScoreRequest(
            text_id=f"{self._request.run_id}/{prompt}",
            token_ids=reference.prompt_token_ids + reference.token_ids,
            first_scored=len(reference.prompt_token_ids),
            is_reference=self._is_reference,
            release=not self._is_reference and self._variant == self._request.candidates[-1],
            side_path=self._references.side_path(prompt),
            keep_head=any(_has_own_head(variant, self._task.dtype) for variant in self._task.variants),
        )

    def _watched(
        self, work: Generator[Made, None, Result], as_event: Callable[[Made], RunEvent]
    ) -> Generator[RunEvent, None, Result]:
        return watched(self._engine, work, as_event, self._cancelled)


def predict(engine: Engine, task: Task, variant: Variant) -> MemoryEstimate | None:
    """None where the engine cannot tell."""
    if variant not in task.estimates:
        try:
            task.estimates[variant] = engine.estimate(task.estimate_request(variant))
        except (LoadError, UsageError, VariantUnsupportedError):
            return None
    return task.estimates[variant]


def planned_tokens(request: RunRequest) -> int:
    """Of the longest text."""
    return max(most_tokens(prompt, request.generation.max_new_tokens) for prompt in request.prompts)


def _has_own_head(variant: Variant, dtype: Precision) -> bool:
    """Whether its output head can be another than the reference's: quantized, or of another floating type."""
    return variant.head or not (variant.precision.is_quantized or variant.precision is dtype)


@contextmanager
def _naming_prompt(prompts: tuple[str, ...], index: int) -> Iterator[None]:
    """A prompt that cannot be continued (longer than the context, say) is named where there are several."""
    try:
        yield
    except UsageError as error:
        if len(prompts) == 1:
            raise
        begins = shorten(prompts[index], 40, placeholder=" …")
        named = f"prompt {index + 1} of {len(prompts)} ({begins!r}): {error.message}"
        raise UsageError(named, error.hint, why=error.why) from error
