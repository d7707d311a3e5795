"""How much of the outputs can be read, at any size of the terminal."""

from __future__ import annotations

import pytest
from scripted_app import finish, make_app, running

from quanttui.tui.widgets.token_text import TokenText


@pytest.mark.parametrize(
    "size", [(80, 24), (100, 30), (110, 34), (111, 40), (112, 38), (120, 34), (120, 37), (160, 40)]
)
async def test_a_measured_run_leaves_each_output_four_lines_of_text(size: tuple[int, int]):
    app = make_app()
    async with running(app, size) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("4")
        await pilot.pause()
        assert [
            text.size.height for text in app.main.query(TokenText) if text.is_on_screen and text.size.height < 4
        ] == []
