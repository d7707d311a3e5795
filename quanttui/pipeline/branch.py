"""One branch: load a variant, force tokens on it, let it write on. The engine is driven as in a comparison."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from typing import TypeVar

from quanttui.compare.diff import first_divergence
from quanttui.engine.base import Engine, LoadedModel
from quanttui.errors import CancelledError, QuantTuiError
from quanttui.records import GenerateRequest, LoadRequest, Output, PromptEncoded, Token
from quanttui.records.branch import BranchEvent, BranchFinished, BranchRequest
from quanttui.records.events import (
    LoadProgressed,
    LoadStarted,
    ModelLoaded,
    ModelUnloaded,
    PromptPrepared,
    RunFailed,
    TokenGenerated,
)

Event = TypeVar("Event")
Result = TypeVar("Result")


def run_branch(
    engine: Engine, request: BranchRequest, cancelled: Callable[[], bool] = lambda: False
) -> Iterator[BranchEvent]:
    """Drive ``engine`` through ``request``. Always ends with one ``BranchFinished`` or one ``RunFailed``, never raises.

    ``cancelled`` is asked at every event. Stopped while it writes, a branch keeps what was written.
    """
    try:
        output = yield from _events(engine, request, cancelled)
    except QuantTuiError as error:
        yield RunFailed(None, error.message, error.hint, error.exit_code)
    except Exception as error:  # any fault of an engine becomes a failed branch, as it becomes a failed run
        yield RunFailed(None, f"{type(error).__name__}: {error}", "This is a defect of quanttui; please report it.", 1)
    else:
        yield BranchFinished(request, output, agreed_tokens(request, output))


def agreed_tokens(request: BranchRequest, output: Output) -> int | None:
    """How far the branch goes the donor's way."""
    forced = len(request.forced_token_ids)
    if request.donor_token_ids[:forced] != request.forced_token_ids:
        return None
    parted = first_divergence(request.donor_token_ids[forced:], output.token_ids)
    return len(output.token_ids) if parted is None else parted


def _events(
    engine: Engine, request: BranchRequest, cancelled: Callable[[], bool]
) -> Generator[BranchEvent, None, Output]:
    variant = request.variant
    yield LoadStarted(variant, variant == request.reference)
    load = LoadRequest(request.model.id, request.model.path, variant, request.reference.precision)
    loading = engine.load(load)
    model = yield from _watched(engine, loading, lambda made: LoadProgressed(variant, made), cancelled)
    try:
        yield ModelLoaded(variant, model.report)
        output = yield from _generate(engine, model, request, cancelled)
    finally:
        unloaded = model.unload()
    yield ModelUnloaded(variant, unloaded)
    return output


def _generate(
    engine: Engine, model: LoadedModel, request: BranchRequest, cancelled: Callable[[], bool]
) -> Generator[BranchEvent, None, Output]:
    left = request.generation.max_new_tokens - len(request.forced_token_ids)
    settings = replace(request.generation, max_new_tokens=max(1, left))

    def as_event(event: PromptEncoded | Token) -> BranchEvent:
        if isinstance(event, PromptEncoded):
            return PromptPrepared(request.variant, 0, event)
        return TokenGenerated(request.variant, 0, event)

    work = model.generate(GenerateRequest(request.prompt, settings, request.forced_token_ids))
    return (yield from _watched(engine, work, as_event, cancelled))


def _watched(
    engine: Engine,
    work: Generator[Event, None, Result],
    as_event: Callable[[Event], BranchEvent],
    cancelled: Callable[[], bool],
) -> Generator[BranchEvent, None, Result]:
    """The engine's events as the branch's; ``work`` is closed however this ends, so nothing runs into ``unload``."""
    with closing(work):
        if cancelled():
            raise CancelledError("stopped on request", "f forces the token again.")
        while True:
            try:
                event = next(work)
            except StopIteration as stop:
                result: Result = stop.value
                return result
            yield as_event(event)
            if cancelled():
                engine.cancel()
