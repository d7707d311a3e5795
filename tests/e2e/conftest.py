"""quanttui in a pseudo-terminal, as a user meets it: keys go in, what a terminal would show comes out."""

from __future__ import annotations

import os
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import psutil
import pyte
import pytest

COLUMNS, LINES = 120, 40
ENGINES = Path(__file__).parents[1] / "cli"


class Terminal:
    """A program on a terminal of 120×40 cells. Waiting means reading on, until the screen shows what is waited for."""

    def __init__(self, arguments: list[str], environment: dict[str, str], folder: Path, ignores_hangup: bool) -> None:
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self.program = pexpect.spawn(
            sys.executable,
            ["-m", "quanttui", *arguments],
            dimensions=(LINES, COLUMNS),
            env=environment,
            cwd=str(folder),
            ignore_sighup=ignores_hangup,
        )
        self.modes_before = termios.tcgetattr(self.program.child_fd)
        self.written = b""

    @property
    def lines(self) -> list[str]:
        return list(self._screen.display)

    def wait_until(self, seen: Callable[[list[str]], bool]) -> None:
        while not seen(self.lines):
            self._take(self.program.read_nonblocking(65536, timeout=120))

    def modes(self) -> list[object]:
        """Echo, line editing, signals by key: what a shell needs back."""
        return termios.tcgetattr(self.program.child_fd)

    def press(self, keys: str) -> None:
        self.program.send(keys)

    def hang_up(self) -> None:
        """The other end goes away, as a dropped connection's does."""
        self.program.ptyproc.fileobj.close()

    def wait_for_end(self) -> int | None:
        """Until the program has closed the terminal; its exit code."""
        try:
            while True:
                self._take(self.program.read_nonblocking(65536, timeout=120))
        except pexpect.EOF:
            self.program.wait()
        return self.program.exitstatus

    def processes(self) -> list[psutil.Process]:
        return psutil.Process(self.program.pid).children(recursive=True)

    def _take(self, written: bytes) -> None:
        self.written += written
        self._stream.feed(written)


@pytest.fixture
def open_terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Opens quanttui with these arguments on the engine of this name; ended with the test."""
    opened = []

    def open_one(*arguments: str, engine: str = "torch", ignores_hangup: bool = False) -> Terminal:
        opened.append(Terminal([*arguments], _environment(tmp_path, engine), tmp_path, ignores_hangup))
        return opened[-1]

    yield open_one
    for shown in opened:
        shown.program.close(force=True)


@pytest.fixture
def terminal(open_terminal: Callable[..., Terminal]) -> Terminal:
    return open_terminal()


def _environment(folder: Path, engine: str) -> dict[str, str]:
    # COLUMNS and LINES, which pytest's workers set, would win over the terminal's own size
    ours = ("QUANTTUI_", "TEXTUAL", "COLUMNS", "LINES")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    places = {"QUANTTUI_HOME": str(folder / "home"), "HF_HOME": str(folder / "hub")}
    modules = {"PYTHONPATH": os.pathsep.join(filter(None, [str(ENGINES), environment.get("PYTHONPATH")]))}
    return environment | places | modules | {"TERM": "xterm-256color", "QUANTTUI_ENGINE": engine}
