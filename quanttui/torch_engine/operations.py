"""Whose turn it is in this process, and whether that one was told to stop. Knows nothing of models.

Threading rule: torch's default dtype, its thread count and transformers' progress hook belong to the whole process, so
one operation (load, generation, scoring) runs at a time in it, whichever engine or thread it belongs to.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from quanttui.errors import CancelledError, UsageError


class _Turn:
    """A lock that knows its holder. It may be released by another thread: a generator ends where it is dropped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: int | None = None

    def __enter__(self) -> None:
        if self._holder == threading.get_ident():  # waiting for oneself would never end
            raise UsageError("the engine is in the middle of another operation", "Finish or close that one first.")
        self._lock.acquire()
        self._holder = threading.get_ident()

    def __exit__(self, *_: object) -> None:
        self._holder = None
        self._lock.release()


_PROCESS_TURN = _Turn()


class Operations:
    """The operations of one engine. ``cancel`` reaches the one under way; with none under way it does nothing."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._stop: threading.Event | None = None

    @contextmanager
    def running(self) -> Iterator[threading.Event]:
        """Wait for the turn, hold it, and hand out the event that ``cancel`` sets."""
        with _PROCESS_TURN:
            stop = self._set_stop(threading.Event())
            try:
                yield stop
            finally:
                with self._guard:
                    self._stop = None

    def cancel(self) -> None:
        with self._guard:
            if self._stop is not None:
                self._stop.set()

    def _set_stop(self, stop: threading.Event) -> threading.Event:
        with self._guard:
            self._stop = stop
        return stop


def raise_if_stopped(stop: threading.Event) -> None:
    if stop.is_set():
        raise CancelledError("stopped on request", "What was made until then is kept.")
