"""One branch: load a variant, force tokens on it, let it write on. The engine is driven as in a comparison."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

from quanttui.compare.diff import first_divergence
from quanttui.engine.base import Engine, LoadedModel
from quanttui.pipeline.driving import failure, kept_dtype, watched
from quanttui.records import GenerateRequest, LoadRequest, Output, PromptEncoded, Token
from quanttui.records.branch import BranchEvent, BranchFinished, BranchRequest
from quanttui.records.events import (
    LoadProgressed,
    LoadStarted,
    ModelLoaded,
    ModelUnloaded,
    PromptPrepared,
    TokenGenerated,
)


def run_branch(
    engine: Engine, request: BranchRequest, cancelled: Callable[[], bool] = lambda: False
) -> Iterator[BranchEvent]:
    """Drive ``engine`` through ``request``. Always ends with one ``BranchFinished`` or one ``RunFailed``, never raises.

    ``cancelled`` is asked at every event. Stopped while it writes, a branch keeps what was written.
    """
    try:
        output = yield from _events(engine, request, cancelled)
    except Exception as error:  # any fault of an engine becomes a failed branch, and the app goes on
        yield failure(error, None)
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
    dtype = kept_dtype(request.reference, request.model.dtype, engine.describe().device)
    load = LoadRequest(request.model.id, request.model.path, variant, dtype)
    loading = engine.load(load)
    model = yield from watched(engine, loading, lambda made: LoadProgressed(variant, made), cancelled)
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
    return (yield from watched(engine, work, as_event, cancelled))
