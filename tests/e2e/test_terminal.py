"""From the command to the last key: the demo comparison in a pseudo-terminal, the real engine behind it."""

from __future__ import annotations

from typing import Any

F5, CTRL_Q = "\x1b[15~", "\x11"
ALTERNATE_SCREEN_OFF, CURSOR_ON = b"\x1b[?1049l", b"\x1b[?25h"


def pane(lines: list[str], title: str) -> str:
    """The text in the pane that is titled ``title``, "" where there is none."""
    for top, line in enumerate(lines):
        left = line.find(f"╭─ {title}")
        if left >= 0:
            right = line.index("╮", left)
            rows = [row[left + 1 : right] for row in lines[top + 1 :]]
            end = next((index for index, row in enumerate(rows) if row.startswith("──")), len(rows))
            return " ".join(" ".join(rows[:end]).split())
    return ""


def status(lines: list[str]) -> str:
    """What the footer says of the run."""
    return lines[-2].strip()


def test_runs_the_demo_comparison_by_keys_and_leaves_the_terminal_as_it_was(terminal: Any) -> None:
    terminal.wait_until(lambda lines: "demo" in pane(lines, "1 Model") and "Press F5" in pane(lines, "4 Reference"))

    terminal.press(F5)
    terminal.wait_until(lambda lines: any(word in status(lines) for word in ("done", "failed")))
    assert "done" in status(terminal.lines)
    # a frame that is laid out anew comes in several reads
    terminal.wait_until(lambda lines: all(len(pane(lines, name).split()) > 20 for name in ("4 bf16", "5 ")))
    terminal.wait_until(lambda lines: "tok/s" in "".join(lines))

    engines = terminal.processes()
    assert engines
    terminal.press(CTRL_Q)
    assert terminal.wait_for_end() == 0
    ending = terminal.written[-400:]
    assert ALTERNATE_SCREEN_OFF in ending
    assert CURSOR_ON in ending
    assert not [engine for engine in engines if engine.is_running()]


def test_a_terminal_gets_its_modes_back(terminal: Any) -> None:
    terminal.wait_until(lambda lines: "Press F5" in pane(lines, "4 Reference"))
    assert terminal.modes() != terminal.modes_before
    terminal.press(CTRL_Q)
    assert terminal.wait_for_end() == 0
    assert terminal.modes() == terminal.modes_before
