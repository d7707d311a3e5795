"""What stands on the screen at the sizes it is made for is said whole, and one thing has one name."""

from __future__ import annotations

from scripted_app import finish, make_app, pane_text, running, screen_lines, screen_text, until
from textual.pilot import Pilot

from quanttui.tui.app import QuantTuiApp
from quanttui.tui.state.pages import TAB_NAMES
from quanttui.tui.widgets.output_pane import OutputPane
from quanttui.tui.widgets.page_tabs import PageTabs
from quanttui.tui.widgets.summary_line import SummaryLine
from quanttui.units import format_multiple


async def measured(pilot: Pilot[None]) -> QuantTuiApp:
    app = pilot.app
    assert isinstance(app, QuantTuiApp)
    await pilot.press("f5")
    await finish(pilot)
    await pilot.press("7")
    await pilot.pause()
    return app


async def test_at_120_columns_the_verdict_is_whole_and_the_legend_stands_below_the_bars() -> None:
    async with running(make_app()) as pilot:
        app = await measured(pilot)
        area = app.main.query_one(SummaryLine).region
        shown = " ".join(
            " ".join(line[area.x : area.right] for line in screen_lines(app)[area.y : area.bottom]).split()
        )
        divergence = app.main.run_view.candidate.divergence
        sentence, _, multiple = divergence.verdict.text.partition(": ")[2].partition(", ")
        assert sentence in shown
        assert multiple in shown or f"noise floor {format_multiple(divergence.noise_multiple)}" in shown
        assert "mean KL" in shown
        assert "△ tie flip (a toss-up)" in screen_text(app)
        assert app.main.query_one("#reference", OutputPane).text.size.height >= 8
        assert pane_text(app, "reference")


async def test_at_80_columns_every_tab_is_named_whole_and_a_click_on_its_name_leads_there() -> None:
    async with running(make_app(), (80, 24)) as pilot:
        app = await measured(pilot)
        tabs = screen_lines(app)[app.main.query_one(PageTabs).region.y]
        assert all(name in tabs for name in TAB_NAMES.values())
        assert "7 Divergence" in tabs
        await pilot.click(PageTabs, offset=(tabs.index("6 Memory") + 7, 0))
        await pilot.pause()
        assert app.main.query_one("#memory").is_on_screen


async def test_the_brackets_switch_the_candidate_everywhere_and_are_named_wherever_it_is_offered() -> None:
    async with running(make_app()) as pilot:
        app = await measured(pilot)
        assert "] candidate" in screen_lines(app)[-1]
        assert "[ ] shows another" in screen_text(app)
        for pane in ("7", "5"):
            await pilot.press(pane)
            await until(pilot, lambda: "] candidate" in screen_lines(app)[-1])
            shown = app.main.run_view.candidate
            await pilot.press("left_square_bracket")
            assert app.main.run_view.candidate is not shown
        await pilot.press("question_mark")
        await pilot.pause()
        assert "→ ]  Show the next candidate" in screen_text(app)
