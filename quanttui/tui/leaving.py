"""Leaving, whatever hangs: signals end the app in order, and after a deadline the process ends by force.

Knows the process and its terminal; what there is to close is handed in.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

STOPPED = 130
"""The exit code of whatever was ended from outside: a signal, a terminal that went away."""

_SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
_RESTORE = (
    b"\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[<u"
    b"\x1b[?1049l\x1b[?25h\x1b[?1004l"
)


class Signals:
    """Hears SIGHUP, SIGTERM and SIGINT, from ``heed`` until ``release``. Main thread only; elsewhere it does nothing.

    Plain handlers, not the event loop's: they are run also where the loop is stuck, say in a write to a stalled
    terminal.
    """

    def __init__(self, on_signal: Callable[[], None]) -> None:
        self._on_signal = on_signal
        self._before: dict[signal.Signals, Any] = {}

    def heed(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._hear) for number in _SIGNALS}

    def release(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self._on_signal()


class Deadline:
    """Ends the process ``patience_seconds`` after ``arm``, unless ``disarm`` comes before; ``finish`` is called first.

    For an engine, a thread or a terminal that hangs. ``descriptor`` is the terminal's, with its modes as they are now.
    """

    def __init__(self, finish: Callable[[], None], descriptor: int, patience_seconds: float = 4.0) -> None:
        self._finish = finish
        self._descriptor = descriptor
        self._patience_seconds = patience_seconds
        self._over = threading.Event()
        self._armed = False
        self._modes: list[Any] | None = None
        with contextlib.suppress(termios.error, OSError):
            self._modes = termios.tcgetattr(descriptor)

    def arm(self, exit_code: int) -> None:
        if not self._armed:
            self._armed = True
            threading.Thread(target=self._wait, args=(exit_code,), name="deadline", daemon=True).start()

    def disarm(self) -> None:
        self._over.set()

    def _wait(self, exit_code: int) -> None:
        if not self._over.wait(self._patience_seconds):
            restore_terminal(self._descriptor, self._modes)
            closing = threading.Thread(target=self._finish, name="last close", daemon=True)
            closing.start()
            closing.join(self._patience_seconds)
            os._exit(exit_code)


def restore_terminal(descriptor: int, modes: list[Any] | None) -> None:
    """Put the terminal back by hand, as far as it takes it without waiting."""
    with contextlib.suppress(termios.error, OSError):
        if modes is not None:
            termios.tcsetattr(descriptor, termios.TCSANOW, modes)
        screen = sys.__stderr__.fileno() if sys.__stderr__ is not None else descriptor
        if select.select([], [screen], [], 0)[1]:
            os.write(screen, _RESTORE)
