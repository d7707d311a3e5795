"""One comparison as an iterator of events: checks a request, has a plan chosen, tells what goes wrong as its end."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace

from quanttui.engine.base import Engine
from quanttui.engine.pool import EnginePool
from quanttui.errors import MeasurementError, UsageError, VariantUnsupportedError
from quanttui.pipeline.assembly import apply_event, with_summaries
from quanttui.pipeline.driving import failure, kept_dtype
from quanttui.pipeline.parallel import side_by_side
from quanttui.pipeline.passage import Task
from quanttui.pipeline.plans import choose_plan, lanes_ahead
from quanttui.pipeline.sequential import one_after_another
from quanttui.records import EngineDescription, ModelEntry, Plan, Run, RunRequest, Variant
from quanttui.records.events import RunEvent, RunFinished, RunStarted
from quanttui.variants import default_reference


def run_comparison(
    engine: Engine, request: RunRequest, cancelled: Callable[[], bool] = lambda: False
) -> Iterator[RunEvent]:
    """Drive ``engine`` through ``request``. Always ends with one ``RunFinished`` or one ``RunFailed``, never raises.

    ``cancelled`` is asked at every event, maybe from other threads: once it is true the engine is told to stop, and no
    new work begins. A plan but the sequential one needs an ``EnginePool``.
    """
    run: Run | None = None
    try:
        with closing(_events(engine, request, cancelled)) as events:
            for event in events:
                run = apply_event(run, event)
                yield event
        assert run is not None
        run = with_summaries(run)
    except Exception as error:  # any fault of an engine becomes a failed run, and the app goes on
        yield failure(error, _with_what_was_measured(run))
    else:
        yield RunFinished(run)


def _with_what_was_measured(run: Run | None) -> Run | None:
    """A run that ended early has the summaries of the candidates that were scored until then."""
    try:
        return with_summaries(run) if run is not None else None
    except MeasurementError:
        return run


def _events(engine: Engine, request: RunRequest, cancelled: Callable[[], bool]) -> Generator[RunEvent, None, None]:
    _check_request(request)
    with lanes_ahead(engine, request):
        yield from _checked_events(engine, request, cancelled)


def _checked_events(
    engine: Engine, request: RunRequest, cancelled: Callable[[], bool]
) -> Generator[RunEvent, None, None]:
    environment = engine.describe()
    reference = request.reference or default_reference(request.model.dtype, environment.device)
    variants = [reference, *request.candidates]
    _check_supported(variants, environment)
    _check_stored(variants, request.model)
    task = Task(request, reference, kept_dtype(reference, request.model.dtype, environment.device))
    choice = choose_plan(engine, task, environment, cancelled)
    yield RunStarted(replace(request, plan=choice.plan), environment, reference, choice.reason)
    if choice.plan is Plan.PARALLEL and isinstance(engine, EnginePool):
        task = replace(task, most_threads=choice.most_threads)
        yield from side_by_side(engine, task, cancelled, choice.lanes)
    else:
        if isinstance(engine, EnginePool):
            engine.close_others()
        yield from one_after_another(engine, task, cancelled, environment.process_id)


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
