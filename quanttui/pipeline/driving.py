"""What every run does with an engine: pass its events on, stop it when asked, turn its faults into words."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TypeVar

from quanttui.engine.base import Engine
from quanttui.errors import CancelledError, QuantTuiError
from quanttui.records import Precision, Run, Variant
from quanttui.records.events import RunFailed
from quanttui.variants import default_reference

Made = TypeVar("Made")
Event = TypeVar("Event")
Result = TypeVar("Result")


def watched(
    engine: Engine,
    work: Generator[Made, None, Result],
    as_event: Callable[[Made], Event],
    cancelled: Callable[[], bool],
) -> Generator[Event, None, Result]:
    """The engine's events as the run's; passes a cancellation on as soon as it is seen.

    ``work`` is closed however this ends, so that nothing is still running when the model is unloaded.
    """
    with closing(work):
        if cancelled():
            raise stopped()
        while True:
            try:
                made = next(work)
            except StopIteration as stop:
                result: Result = stop.value
                return result
            yield as_event(made)
            if cancelled():
                engine.cancel()


def stopped() -> CancelledError:
    return CancelledError("stopped on request", "What was made until then is kept.")


def failure(error: Exception, run: Run | None) -> RunFailed:
    """``error`` as the end of ``run``, of which what was made is kept."""
    if not isinstance(error, QuantTuiError):
        words = f"{type(error).__name__}: {error}"
        return RunFailed(_failed(run, words), words, "This is a defect of quanttui; please report it.", 1)
    return RunFailed(_failed(run, error.message), error.message, error.hint, error.exit_code)


def _failed(run: Run | None, message: str) -> Run | None:
    return replace(run, failure=message) if run else None


def kept_dtype(reference: Variant, checkpoint_dtype: Precision | None, device: str) -> Precision:
    """The floating type of all that is not quantized; a quantized reference has that of the default one."""
    if reference.precision.is_quantized:
        return default_reference(checkpoint_dtype, device).precision
    return reference.precision


@contextmanager
def closed_after(events: Iterator[object]) -> Iterator[None]:
    """A generator that is left early gives its model back at once, not when nothing refers to it any more."""
    try:
        yield
    finally:
        if isinstance(events, Generator):
            events.close()


def exhausted(engine: Engine, work: Generator[Made, None, Result], cancelled: Callable[[], bool]) -> Result:
    """The result of ``work``, whose events nobody wants. Raises CancelledError where it was stopped meanwhile."""
    with closing(watched(engine, work, lambda made: made, cancelled)) as events:
        while True:
            try:
                next(events)
            except StopIteration as stop:
                result: Result = stop.value
                break
    if cancelled():
        raise stopped()
    return result
