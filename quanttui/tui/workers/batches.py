"""Tokens that come faster than the screen takes them go to it in one message. Knows no widget and no engine."""

from __future__ import annotations

import threading
from collections.abc import Callable

from quanttui.records.events import RunEvent, TokenGenerated
from quanttui.tui.messages import RunAdvanced


class Batch:
    """Events of a run on their way to the screen. One thread adds to it until another has taken it."""

    def __init__(self, *events: RunEvent) -> None:
        self._events = list(events)
        self._lock = threading.Lock()
        self._is_taken = False

    def add(self, event: RunEvent) -> bool:
        """Whether ``event`` still goes with it."""
        with self._lock:
            if not self._is_taken:
                self._events.append(event)
            return not self._is_taken

    def take(self) -> tuple[RunEvent, ...]:
        with self._lock:
            self._is_taken = True
            return tuple(self._events)


class RunTeller:
    """Posts the events of one run, for one thread. Tokens join those that wait; every other event is a message of its
    own, in its order with whatever else is posted."""

    def __init__(self, run_id: str, post: Callable[[RunAdvanced], object]) -> None:
        self._run_id = run_id
        self._post = post
        self._open: Batch | None = None

    def tell(self, event: RunEvent) -> None:
        is_token = isinstance(event, TokenGenerated)
        if is_token and self._open is not None and self._open.add(event):
            return
        batch = Batch(event)
        self._open = batch if is_token else None
        self._post(RunAdvanced(self._run_id, batch.take))
