"""A program on a pseudo-terminal for the benchmarks: a thread takes what it writes, with the time of every piece."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pexpect

HERE = Path(__file__).parent
F5, ESC, CTRL_Q = "\x1b[15~", "\x1b", "\x11"


class Session:
    """``pieces``: what was written so far, each with the time it was read at (``time.perf_counter``)."""

    def __init__(self, command: list[str], environment: Mapping[str, str], size: tuple[int, int]) -> None:
        columns, lines = size
        self.program = pexpect.spawn(command[0], command[1:], dimensions=(lines, columns), env=dict(environment))
        self.program.delaybeforesend = None  # pexpect waits 50 ms before each key otherwise
        self.pieces: list[tuple[float, bytes]] = []
        self._news = threading.Condition()
        threading.Thread(target=self._read, name="terminal", daemon=True).start()

    def send(self, keys: str) -> float:
        """When it was sent."""
        now = time.perf_counter()
        self.program.send(keys)
        return now

    def wait_for(self, mark: bytes, since: float = 0.0, timeout_seconds: float = 120.0) -> float:
        """When ``mark`` was there, counting what was read from ``since`` on."""
        deadline = time.perf_counter() + timeout_seconds
        with self._news:
            while True:
                seen = b""
                for at, piece in self._since(since):
                    seen = seen[-len(mark) :] + piece
                    if mark in seen:
                        return at
                left = deadline - time.perf_counter()
                if left <= 0 or not self._news.wait(left):
                    raise TimeoutError(f"{mark!r} was never written")

    def bytes_between(self, start: float, end: float) -> int:
        with self._news:
            return sum(len(piece) for at, piece in self.pieces if start <= at < end)

    def _since(self, start: float) -> list[tuple[float, bytes]]:
        at = len(self.pieces)
        while at > 0 and self.pieces[at - 1][0] >= start:
            at -= 1
        return self.pieces[at:]

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self.program.child_fd, 65536)
            except (OSError, ValueError):
                return
            with self._news:
                self.pieces.append((time.perf_counter(), piece))
                self._news.notify_all()


@contextmanager
def session(
    *arguments: str, engine: str, size: tuple[int, int] = (120, 40), program: tuple[str, ...] = ("-m", "quanttui")
) -> Iterator[Session]:
    """``program`` in a terminal and a home of its own."""
    ours = ("QUANTTUI_", "TEXTUAL", "COLUMNS", "LINES")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    path = os.pathsep.join([str(HERE), str(HERE.parents[1])])
    with tempfile.TemporaryDirectory() as home:
        environment = kept | {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "PYTHONPATH": path,
            "QUANTTUI_HOME": home,
            "QUANTTUI_ENGINE": engine,
        }
        opened = Session([sys.executable, *program, *arguments], environment, size)
        try:
            yield opened
        finally:
            opened.program.close(force=True)
