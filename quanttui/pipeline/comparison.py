"""One comparison: reference first, then each candidate, one model resident at a time, as an iterator of events."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from textwrap import shorten
from typing import Any

from quanttui.compare.diff import diff_tokens, first_divergence
from quanttui.compare.divergence import summarize
from quanttui.engine.base import Engine, LoadedModel
from quanttui.errors import EngineDiedError, LoadError, MeasurementError, UsageError, VariantUnsupportedError
from quanttui.pipeline.assembly import apply_event, with_summaries
from quanttui.pipeline.driving import Made, Result, failure, kept_dtype, stopped, watched
from quanttui.records import (
    EngineDescription,
    EstimateRequest,
    FinishReason,
    GenerateRequest,
    LoadRequest,
    MemoryEstimate,
    ModelEntry,
    Output,
    Precision,
    PromptEncoded,
    Run,
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
    RunFinished,
    RunStarted,
    ScoreProgressed,
    TokenGenerated,
)
from quanttui.records.generation import most_tokens
from quanttui.variants import default_reference


def run_comparison(
    engine: Engine, request: RunRequest, cancelled: Callable[[], bool] = lambda: False
) -> Iterator[RunEvent]:
    """Drive ``engine`` through ``request``. Always ends with one ``RunFinished`` or one ``RunFailed``, never raises.

    ``cancelled`` is asked at every event: once it is true the engine is told to stop, and no new work begins.
    """
    run: Run | None = None
    comparison = _Comparison(engine, request, cancelled)
    try:
        with closing(comparison.events()) as events:
            for event in events:
                run = apply_event(run, event)
                yield event
        assert run is not None
        run = with_summaries(run)
    except Exception as error:  # any fault of an engine becomes a failed run, and the app goes on
        if comparison.given_back is not None:
            run = apply_event(run, comparison.given_back)
            yield comparison.given_back
        yield failure(error, _with_what_was_measured(run))
    else:
        yield RunFinished(run)


def _with_what_was_measured(run: Run | None) -> Run | None:
    """A run that ended early has the summaries of the candidates that were scored until then."""
    try:
        return with_summaries(run) if run is not None else None
    except MeasurementError:
        return run


class _Comparison:
    """The steps of one run. What one step leaves for a later one (the reference's outputs) is all the state it has.

    ``given_back``: the model that was loaded when the run failed, to be told before the failure is.
    """

    def __init__(self, engine: Engine, request: RunRequest, cancelled: Callable[[], bool]) -> None:
        self.engine = engine
        self.request = request
        self.cancelled = cancelled
        self.references: list[Output] = []
        self.reference_name = ""
        self.process_id = 0
        self.dtype = Precision.FP32
        self.given_back: ModelUnloaded | None = None

    def events(self) -> Generator[RunEvent, None, None]:
        _check_request(self.request)
        environment = self.engine.describe()
        reference = self.request.reference or default_reference(self.request.model.dtype, environment.device)
        variants = [reference, *self.request.candidates]
        _check_supported(variants, environment)
        _check_stored(variants, self.request.model)
        self.reference_name, self.process_id = reference.spelling, environment.process_id
        self.dtype = kept_dtype(reference, self.request.model.dtype, environment.device)
        yield RunStarted(self.request, environment, reference)
        for index, variant in enumerate(variants):
            yield from self._one_variant(variant, is_reference=index == 0)

    def _one_variant(self, variant: Variant, *, is_reference: bool) -> Iterator[RunEvent]:
        entry = self.request.model
        request = LoadRequest(entry.id, entry.path, variant, self.dtype)
        predicted = self._predict(request)
        yield LoadStarted(variant, is_reference, predicted)
        model = yield from self._watched(self.engine.load(request), lambda p: LoadProgressed(variant, p))
        try:
            yield ModelLoaded(variant, replace(model.report, predicted=predicted))
            if not is_reference:
                self._check_same_engine()
            for prompt in range(len(self.request.prompts)):
                yield from self._one_prompt(model, variant, prompt, is_reference=is_reference)
        finally:
            self.given_back = ModelUnloaded(variant, model.unload())
        unloaded, self.given_back = self.given_back, None
        yield unloaded

    def _check_same_engine(self) -> None:
        """A process that was started in place of one that died has not read what the reference read."""
        if self.request.score and self.engine.describe().process_id != self.process_id:
            raise EngineDiedError(
                "the engine process ended between two models, and the reference's figures with it",
                "Run again: a fresh engine process is there.",
            )

    def _predict(self, load: LoadRequest) -> MemoryEstimate | None:
        """What the load will take; None where the engine cannot tell: the load itself says why, in better words."""
        if self.cancelled():
            raise stopped()
        try:
            return self.engine.estimate(EstimateRequest(load, planned_tokens(self.request), self.request.score))
        except (LoadError, UsageError, VariantUnsupportedError):
            return None

    def _one_prompt(
        self, model: LoadedModel, variant: Variant, prompt: int, *, is_reference: bool
    ) -> Iterator[RunEvent]:
        text = self.request.prompts[prompt]
        request = GenerateRequest(text, self.request.generation, keep_states=is_reference and self.request.score)

        def generation_event(event: Any) -> RunEvent:
            if isinstance(event, PromptEncoded):
                return PromptPrepared(variant, prompt, event)
            return TokenGenerated(variant, prompt, event)

        with _naming_prompt(self.request.prompts, prompt):
            output = yield from self._watched(model.generate(request), generation_event)
        if is_reference:
            self.references.append(output)
            yield OutputFinished(variant, prompt, output, is_reference=True)
        else:
            ours = self.references[prompt].token_ids
            diff, first = diff_tokens(ours, output.token_ids), first_divergence(ours, output.token_ids)
            yield OutputFinished(variant, prompt, output, False, first, diff)
        if output.finish_reason is FinishReason.CANCELLED:
            raise stopped()
        if self.request.score and self.references[prompt].token_ids:
            yield from self._score(model, variant, prompt, is_reference=is_reference)

    def _score(self, model: LoadedModel, variant: Variant, prompt: int, *, is_reference: bool) -> Iterator[RunEvent]:
        reference = self.references[prompt]
        request = ScoreRequest(
            text_id=f"{self.request.run_id}/{prompt}",
            token_ids=reference.prompt_token_ids + reference.token_ids,
            first_scored=len(reference.prompt_token_ids),
            is_reference=is_reference,
            release=not is_reference and variant == self.request.candidates[-1],
        )
        score = yield from self._watched(model.score(request), lambda p: ScoreProgressed(variant, prompt, p))
        if score is not None:
            names = {"reference": self.reference_name, "candidate": variant.spelling}
            yield CandidateScored(variant, prompt, score, summarize([score], **names))

    def _watched(
        self, work: Generator[Made, None, Result], as_event: Callable[[Made], RunEvent]
    ) -> Generator[RunEvent, None, Result]:
        return watched(self.engine, work, as_event, self.cancelled)


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


def planned_tokens(request: RunRequest) -> int:
    """Of the longest text."""
    return max(most_tokens(prompt, request.generation.max_new_tokens) for prompt in request.prompts)


def _check_request(request: RunRequest) -> None:
    if not request.prompts:
        raise UsageError("there is no prompt", "Give at least one: --prompt TEXT")
    for prompt in request.prompts:
        if not prompt.strip():
            raise UsageError("the prompt is empty", "Type what the model should continue.")
    if not request.candidates:
        raise UsageError("there is no candidate to compare with", "Choose at least one: --candidate nf4")
    for variant in request.candidates:
        if request.candidates.count(variant) > 1:
            raise UsageError(f"the candidate {variant.spelling} is chosen twice", "Name each candidate once.")
    if request.model.problem:
        raise UsageError(f"{request.model.id} cannot be run: {request.model.problem}", "Choose another model.")


def _check_supported(variants: list[Variant], environment: EngineDescription) -> None:
    for variant in variants:
        reason = environment.unsupported.get(variant.precision)
        if reason:
            raise VariantUnsupportedError(
                f"{variant.spelling} cannot run on {environment.device}: {reason}", "Choose another variant."
            )


def _check_stored(variants: list[Variant], model: ModelEntry) -> None:
    """Told before the reference is loaded: a model that was saved quantized cannot be quantized otherwise."""
    for variant in variants:
        if model.prequantized and variant.precision.is_quantized and variant.spelling != model.prequantized:
            raise VariantUnsupportedError(
                f"{model.id} was saved as {model.prequantized}: it cannot be made {variant.spelling}",
                f"Choose {model.prequantized}; for others take the model that it was made from.",
            )
