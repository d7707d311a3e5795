"""How much of the outputs can be read, at any size of the terminal."""

from __future__ import annotations

from scripted_app import finish, make_app, running

from quanttui.tui.widgets.token_text import TokenText

SIZES = [(80, 24), (100, 30), (110, 34), (111, 40), (112, 38), (120, 34), (120, 37), (160, 40)]


async def test_a_measured_run_leaves_each_output_four_lines_of_text():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("4")
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await pilot.pause()
            shown = [text for text in app.main.query(TokenText) if text.is_on_screen]
            assert shown, size
            assert all(text.size.height >= 4 for text in shown), size
