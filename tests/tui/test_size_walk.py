"""A walk through sizes of the terminal: nothing overlaps, nothing vanishes, the focus stays on what one sees."""

from __future__ import annotations

from itertools import combinations

import pytest
from scripted_app import finish, make_app, reach, running, screen_lines
from textual.pilot import Pilot
from textual.widget import Widget

from quanttui.engine.scripted import Gate
from quanttui.records import Precision, Variant
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.services import InitialChoices
from quanttui.tui.state.pages import PAGE_OF, Pane, layout_class
from quanttui.tui.widgets.footer_lines import MOST_KEYS, FooterLines

THREE = InitialChoices(candidates=tuple(map(Variant, (Precision.INT8, Precision.NF4, Precision.FP4))))
SIZES = [(60, 20), (80, 24), (111, 40), (112, 38), (160, 45), (220, 60)]
FEW = [(60, 20), (120, 40), (200, 50)]
MANY = [(columns, rows) for columns in range(60, 221, 8) for rows in (20, 24, 31, 38, 45, 60)]


async def walk(pilot: Pilot[None], sizes: list[tuple[int, int]]) -> None:
    app = pilot.app
    assert isinstance(app, QuantTuiApp)
    for size in sizes:
        await pilot.resize_terminal(*size)
        await pilot.pause()
        app.main.paint()
        await pilot.pause()
        check(app, size)


def check(app: QuantTuiApp, size: tuple[int, int]) -> None:
    main = app.main
    panes = [pane for pane in main.query(".pane").results(Widget) if pane.is_on_screen]
    lines = [main.query_one(name) for name in ("#header", "#footer")]
    for widget in (*panes, *lines):
        assert widget.region.width > 6, (size, widget)
        assert widget.region.height >= (1 if widget in lines else 3), (size, widget)
        assert main.region.contains_region(widget.region), (size, widget, widget.region)
    for one, other in combinations((*panes, *lines), 2):
        assert not one.region.overlaps(other.region), (size, one, other)
    assert wanted_panes(app, size) <= {pane.id for pane in panes}, size
    assert main.focused is not None, size
    assert main.focused.is_on_screen, (size, main.focused)
    check_footer(app, size)


def wanted_panes(app: QuantTuiApp, size: tuple[int, int]) -> set[str | None]:
    """What should be seen: of a small terminal the page, of a larger one all that has something to show."""
    main = app.main
    run = main.run_view
    shown = set(Pane)
    if run is None:
        shown -= {Pane.RESULTS}
    if run is None or not any(view.score for view in run.candidates):
        shown -= {Pane.DIVERGENCE}
    if layout_class(*size) == "narrow":
        shown = {pane for pane in shown if PAGE_OF[pane] is main.page}
    ids: set[str | None] = {pane.value for pane in shown}
    return ids | ({"other"} if run is not None and layout_class(*size) == "huge" else set())


def check_footer(app: QuantTuiApp, size: tuple[int, int]) -> None:
    keys = app.main.query_one(FooterLines)._keys
    line = screen_lines(app)[-1]
    assert len(keys) <= MOST_KEYS
    missing = [label for key, label in keys if f"{key} {label}" not in line]
    assert not missing or "…" in line, (size, line)
    assert "quit" in line
    is_small, has_room = size[0] < 80 or size[1] < 24, not 80 <= size[0] < 96  # the tabs fill the line there
    assert ("small window" in screen_lines(app)[1]) == (is_small and has_room)


async def test_the_walk_before_a_run_in_it_and_after_it() -> None:
    gate = Gate("generate", "nf4", 20)
    app = make_app(gate=gate, choices=THREE)
    async with running(app) as pilot:
        await walk(pilot, FEW)
        await pilot.press("f5")
        await reach(pilot, gate)
        await walk(pilot, FEW)
        gate.release()
        await finish(pilot)
        await walk(pilot, SIZES)


async def test_the_focus_stays_in_its_pane_from_large_to_small_and_back() -> None:
    app = make_app(choices=THREE)
    async with running(app, (200, 50)) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        for pane in (Pane.MEMORY, Pane.RESULTS, Pane.SETTINGS):
            app.main.action_pane(pane)
            await pilot.pause()
            for size in ((80, 24), (200, 50)):
                await walk(pilot, [size])
                assert app.main.pane_of_focus() is pane


@pytest.mark.slow
async def test_the_long_walk() -> None:
    app = make_app(choices=THREE)
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        for key in ("5", "7", "8"):
            await pilot.press(key)
            await walk(pilot, MANY)
            await walk(pilot, MANY[::-1][:20])
