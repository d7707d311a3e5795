"""Textual's driver, made to survive a terminal that goes away: it says so once, and nothing waits for it any more.

By itself Textual's writer dies of the first failed write, and the app then blocks for good once its queue is full; its
reader takes the end of input for a reason to ask again at once, for ever. Knows no screen.
"""

from __future__ import annotations

import contextlib
import select
import threading
from collections.abc import Callable
from typing import Any, Protocol, TextIO, cast

from textual.drivers.linux_driver import LinuxDriver

from quanttui.tui.thrift import FORGET, Thrift


class HasTerminal(Protocol):
    def terminal_lost(self) -> None:
        """The terminal is gone. Called once, from any thread."""


class Terminal(LinuxDriver):
    """The driver of an app that is told when its terminal is lost."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._lost = threading.Event()
        output = cast(TextIO, self._file)
        self._file = cast(Any, LossyFile(output, self._lose))

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's has no annotations
        threading.Thread(target=self._watch, name="terminal", daemon=True).start()

    def forget_screen(self) -> None:
        """Whatever is painted next is sent whole."""
        self.write(FORGET)

    def _sigcont_application(self, *_: Any) -> None:
        """A hang-up comes as SIGHUP and SIGCONT: who is leaving must not enter the alternate screen again."""
        if not self._app._exit:
            super()._sigcont_application()

    def run_input_thread(self) -> None:
        try:
            super().run_input_thread()
        except OSError:  # EIO: the other end was closed
            self._lose()

    def _watch(self) -> None:
        """Sleeps until the terminal hangs up."""
        poll = select.poll()
        poll.register(self.fileno, 0)
        poll.poll()
        self._lose()

    def _lose(self) -> None:
        if not self._lost.is_set():
            self._lost.set()
            cast(HasTerminal, self._app).terminal_lost()

    def _disable_mouse_support(self) -> None:
        super()._disable_mouse_support()
        if self._mouse_pixels:  # Textual 8 turns these on and leaves them on
            self.write("\x1b[?1016l")


class LossyFile:
    """Writes what is new on the screen to ``file``. The first failure goes to ``on_failure``; then all is dropped."""

    def __init__(self, file: TextIO, on_failure: Callable[[], None]) -> None:
        self._file = file
        self._on_failure = on_failure
        self._failed = False
        self._thrift = Thrift()

    def write(self, text: str) -> int:
        needed = self._thrift.squeeze(text)
        self._attempt(lambda: self._file.write(needed))
        return len(text)

    def flush(self) -> None:
        self._attempt(self._file.flush)

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._file.fileno()

    def _attempt(self, work: Callable[[], object]) -> None:
        if self._failed:
            return
        try:
            work()
        except (OSError, ValueError):
            self._failed = True
            with contextlib.suppress(RuntimeError):  # the app's loop may be closed by now
                self._on_failure()
