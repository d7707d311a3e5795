"""Reads memory once a second, off the UI thread. Knows no widget and no NVML."""

from __future__ import annotations

import threading
from collections.abc import Callable

from textual.message import Message

from quanttui.records import MemoryReading
from quanttui.tui.messages import MemoryRead


class MemoryPoller:
    """A daemon thread, not a Textual worker: a lost GPU can hang the call, and leaving must not wait for it."""

    def __init__(
        self, read: Callable[[], MemoryReading], post: Callable[[Message], object], interval_seconds: float | None
    ) -> None:
        self._read = read
        self._post = post
        self._interval_seconds = interval_seconds
        self._stopped = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._poll, name="memory", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _poll(self) -> None:
        while not self._stopped.is_set():
            reading = self._read()
            if not self._stopped.is_set():
                self._post(MemoryRead(reading))
            if self._interval_seconds is None:
                return
            self._stopped.wait(self._interval_seconds)
