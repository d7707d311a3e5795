"""Ctrl-C and SIGTERM: at once where nothing runs yet, through the engine where one works. No way leaves a process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

    from quanttui.engine.base import Engine

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE_SECONDS = 1.0


@contextmanager
def interruptible() -> Iterator[None]:
    """Both signals raise KeyboardInterrupt within, also in a background job, which the shell makes deaf to Ctrl-C."""
    with _handling(_interrupt):
        yield


@contextmanager
def stopping(engine: Engine, say: Callable[[str], None]) -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether a stop was asked for. Closes ``engine`` at the end, whatever happened.

    The handler runs between two bytecodes of the thread that drives the engine, which may hold the engine's own locks
    there: so another thread passes the request on, after it was told to ``say`` so. A second signal raises
    KeyboardInterrupt.
    """
    over = threading.Event()
    signals: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        signals.append(number)  # before the question: a second signal can interrupt this handler anywhere
        if len(signals) > 1:
            raise KeyboardInterrupt
        threading.Thread(target=_end_work, args=(engine, say, over), name="stop", daemon=True).start()

    with _handling(on_signal):
        try:
            yield lambda: bool(signals)
        finally:
            over.set()
            engine.close()


def _end_work(engine: Engine, say: Callable[[str], None], over: threading.Event) -> None:
    """Ask first; what does not end soon (an import, a load) is ended with its process."""
    say("Stopping; once more ends it at once")
    engine.cancel()
    if not over.wait(_PATIENCE_SECONDS):
        engine.close()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
