"""A terminal that goes away takes nothing with it: what was typed and chosen is there at the next start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from quanttui.session import read_session


def test_a_lost_terminal_keeps_the_prompt_and_the_choices(open_terminal: Callable[..., Any], tmp_path: Path) -> None:
    first = open_terminal("--prompt", "My own", engine="scripted")
    first.wait_until(lambda lines: "ready on" in lines[-2])
    assert "opens a model of your own" in first.lines[-2]
    first.press("3")
    first.press(" words")
    first.wait_until(lambda lines: any("My own words" in line for line in lines))
    first.hang_up()
    first.program.wait()
    session, word = read_session(tmp_path / "home" / "state")
    assert word == ""
    assert session is not None
    assert session.prompt == "My own words"

    second = open_terminal("--theme", "nord", engine="scripted")
    second.wait_until(lambda lines: "ready on" in lines[-2] and any("My own words" in line for line in lines))
    assert "opens a model" not in second.lines[-2]
