"""Looks into the history off the UI thread, one look at a time. Knows no widget: what is found goes out as messages."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message

from quanttui.errors import QuantTuiError
from quanttui.tui.history_access import HistoryAccess
from quanttui.tui.messages import Problem
from quanttui.tui.workers.threads import start_thread

if TYPE_CHECKING:
    from quanttui.runs.store import RunStore

Look = Callable[["RunStore"], Message | None]


class HistoryDesk:
    """Each look opens the history and closes it: a connection belongs to its thread, and what other processes made,
    moved or damaged in between is seen. ``post`` takes messages from any thread."""

    def __init__(self, access: HistoryAccess, post: Callable[[Message], object]) -> None:
        self._access = access
        self._post = post
        self._lock = threading.Lock()

    def ask(
        self, look: Look, failed: Callable[[Problem], Message], is_wanted: Callable[[], bool] = lambda: True
    ) -> None:
        """``look`` in a thread, and what it gives as a message; ``failed`` makes one of what went wrong. Never blocks.
        Nothing is looked up that is not wanted any more when its turn comes."""
        start_thread(partial(self._look, look, failed, is_wanted), "history")

    def _look(self, look: Look, failed: Callable[[Problem], Message], is_wanted: Callable[[], bool]) -> None:
        with self._lock:
            if not is_wanted():
                return
            try:
                with self._access.open() as store:
                    answer = look(store)
            except QuantTuiError as error:
                answer = failed(Problem(error.message, error.hint))
        if answer is not None:
            self._post(answer)
