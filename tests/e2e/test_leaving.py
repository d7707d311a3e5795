"""However quanttui ends, the terminal is as it was and no engine is left: signals, a lost terminal, kill -9."""

from __future__ import annotations

import os
import signal
from typing import Any

import psutil
import pytest

F5, CTRL_Q = "\x1b[15~", "\x11"
SLOW = pytest.mark.slow  # the others of a family: each costs a start of the app
STUBBORN = "held_engines:StubbornEngine"
# What was turned on at the start, and how each is turned off: the alternate screen, every way of reporting the mouse,
# bracketed paste, focus events, the keyboard protocol; the cursor is shown again and lines wrap.
RESTORED = (b"\x1b[?1049l", b"\x1b[?1000l", b"\x1b[?1003l", b"\x1b[?1006l", b"\x1b[?2004l", b"\x1b[?1004l", b"\x1b[<u")
SHOWN_AGAIN = (b"\x1b[?25h", b"\x1b[?7h")


def footer(lines: list[str]) -> str:
    return lines[-2].strip()


def ready(lines: list[str]) -> bool:
    return "ready on" in footer(lines)


def start_run(terminal: Any, moment: str) -> list[psutil.Process]:
    """Press F5 once the engine is warm, wait until the footer says ``moment``; the processes behind it."""
    terminal.wait_until(ready)
    terminal.press(F5)
    terminal.wait_until(lambda lines: moment in footer(lines))
    return terminal.processes()


def check_restored(terminal: Any) -> None:
    ending = terminal.written[terminal.written.rindex(b"\x1b[?2004l") - 20 :]
    for sequence in (*RESTORED, *SHOWN_AGAIN):
        assert sequence in ending
    assert terminal.modes() == terminal.modes_before


def all_gone(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=30)[1]


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=SLOW), pytest.param(signal.SIGINT, marks=SLOW)]
)
def test_a_signal_in_the_middle_of_a_run_ends_app_and_engine_and_restores_the_terminal(
    open_terminal: Any, number: signal.Signals
) -> None:
    terminal = open_terminal(engine=STUBBORN)
    engines = start_run(terminal, "5/")
    assert engines
    os.kill(terminal.program.pid, number)
    assert terminal.wait_for_end() == 130
    check_restored(terminal)
    assert all_gone(engines)


@pytest.mark.slow
def test_a_second_ctrl_q_leaves_though_the_engine_hangs(open_terminal: Any) -> None:
    terminal = open_terminal(engine=STUBBORN)
    engines = start_run(terminal, "5/")
    terminal.press(CTRL_Q)
    terminal.wait_until(lambda lines: "again leaves" in footer(lines))
    terminal.press(CTRL_Q)
    assert terminal.wait_for_end() == 0
    check_restored(terminal)
    assert all_gone(engines)


def test_a_second_ctrl_q_leaves_though_an_engine_inside_the_process_hangs(open_terminal: Any) -> None:
    terminal = open_terminal("--in-process", engine=STUBBORN)
    start_run(terminal, "5/")
    terminal.press(CTRL_Q)
    terminal.wait_until(lambda lines: "again leaves" in footer(lines))
    terminal.press(CTRL_Q)
    assert terminal.wait_for_end() == 0
    check_restored(terminal)


@pytest.mark.parametrize("ignores_hangup", [True, pytest.param(False, marks=SLOW)])
def test_a_terminal_that_is_gone_ends_app_and_engine(open_terminal: Any, ignores_hangup: bool) -> None:
    terminal = open_terminal(engine=STUBBORN, ignores_hangup=ignores_hangup)
    engines = start_run(terminal, "5/")
    terminal.hang_up()
    assert terminal.program.wait() == 130
    assert all_gone(engines)


def test_no_engine_outlives_an_app_that_was_killed(open_terminal: Any) -> None:
    terminal = open_terminal(engine=STUBBORN)
    engines = start_run(terminal, "5/")
    os.kill(terminal.program.pid, signal.SIGKILL)
    assert all_gone(engines)


def test_the_app_goes_on_after_its_engine_was_killed(open_terminal: Any) -> None:
    terminal = open_terminal(engine="held_engines:SlowEngine")
    (engine,) = start_run(terminal, "2/")
    os.kill(engine.pid, signal.SIGKILL)
    terminal.wait_until(lambda lines: "failed: the engine process was killed" in footer(lines))
    terminal.press(F5)
    terminal.wait_until(lambda lines: "2/" in footer(lines))
    (fresh,) = terminal.processes()
    assert fresh.pid != engine.pid
    terminal.press(CTRL_Q)
    terminal.press(CTRL_Q)
    assert terminal.wait_for_end() == 0
    check_restored(terminal)
    assert all_gone([fresh])
