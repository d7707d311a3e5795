"""Whose turn it is in this process, and whether that one was told to stop. Knows nothing of models.

Threading rule: torch's default dtype, its thread count and transformers' progress hook belong to the whole process, so
one operation (load, generation, scoring) runs at a time in it, whichever engine or thread it belongs to.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from quanttui.errors import CancelledError, UsageError

_PROCESS_TURN = threading.Lock()


class Operations:
    """The operations of one engine. ``cancel`` reaches the one under way; with none under way it does nothing."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._stop: threading.Event | None = None
        self._owner: int | None = None

    @contextmanager
    def running(self) -> Iterator[threading.Event]:
        """Wait for the turn, hold it, and hand out the event that ``cancel`` sets."""
        if self._owner == threading.get_ident():
            raise UsageError("the engine is in the middle of another operation", "Finish or close that one first.")
        _PROCESS_TURN.acquire()
        stop = threading.Event()
        with self._guard:
            self._stop, self._owner = stop, threading.get_ident()
        try:
            yield stop
        finally:
            with self._guard:
                self._stop = self._owner = None
            _PROCESS_TURN.release()

    def cancel(self) -> None:
        with self._guard:
            if self._stop is not None:
                self._stop.set()


def raise_if_stopped(stop: threading.Event) -> None:
    if stop.is_set():
        raise CancelledError("stopped on request", "What was made until then is kept.")
