"""A sweep on the screen: it grows while it goes on, also behind; it is stopped and taken up; it shares the engine with
runs."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from kept_runs import seen
from kept_sweeps import SMALL, finish_sweep, start_sweep, sweeping
from scripted_app import DEMO, make_app, running, screen_lines, screen_text, status

from quanttui.engine.scripted import Fault, Gate, default_script
from quanttui.errors import OutOfMemoryError
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.screens.export import ExportScreen
from quanttui.tui.screens.sweep import SweepScreen
from quanttui.tui.services import InitialChoices
from quanttui.tui.widgets.fields import SafeInput
from quanttui.tui.widgets.footer_lines import FooterLines

OUT_OF_MEMORY = default_script(faults=(Fault("load", "int8", 0, OutOfMemoryError("9 GiB more", "Close others.")),))
CHOICES = InitialChoices(sweep=SMALL)


def footer(app: QuantTuiApp) -> str:
    """The status line of the screen on top; "" as long as that has none."""
    lines = app.screen.query(FooterLines)
    return lines.first().status.text if lines else ""


async def test_s_and_f5_sweep_and_the_screen_ends_with_an_answer() -> None:
    app = make_app(choices=CHOICES)
    async with running(app) as pilot:
        await start_sweep(pilot)
        await finish_sweep(pilot)
        assert footer(app).startswith("done · recommended:")
        text = screen_text(app)
        assert "Mean KL against" in text
        assert "✓ done · 30 of 30 cells" in text
        assert "★ Run" in text
        await pilot.press("b")
        assert app.screen is app.main


@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.slow), (200, 50)])
async def test_every_pane_can_be_reached_by_its_number_and_fill_the_screen(size: tuple[int, int]) -> None:
    app = make_app(choices=CHOICES)
    async with running(app, size) as pilot:
        screen = await start_sweep(pilot)
        await finish_sweep(pilot)
        panes = ("sweep-plot", "sweep-table", "sweep-heat", "sweep-verdict")
        for number, pane in enumerate(panes, 1):
            await pilot.press(str(number))
            await seen(pilot, lambda pane=pane: app.focused is not None and app.focused.id == pane)
            assert app.focused is not None
            assert app.focused.region.height > 3
            await pilot.press("z")
            await seen(pilot, lambda: screen.maximized is app.focused)
            await pilot.press("escape")
            assert screen.maximized is None
        assert all(len(line) <= size[0] for line in screen_lines(app))


async def test_memory_that_is_read_while_the_screen_opens_does_no_harm() -> None:
    app = make_app(choices=CHOICES)
    async with running(app) as pilot:
        opened = await start_sweep(pilot)
        await finish_sweep(pilot)
        anew = SweepScreen(opened.view, app.services)
        opening = app.push_screen(anew)
        app.main.judge_sweep_fits()
        await opening
        assert "Mean KL against" in screen_text(app)


async def test_a_sweep_that_is_left_goes_on_behind_and_the_cockpit_says_so() -> None:
    gate = Gate("score", "nf4", 3)
    app = make_app(gate=gate, choices=CHOICES)
    async with running(app) as pilot:
        await start_sweep(pilot)
        await seen(pilot, gate.reached.is_set)
        await pilot.press("b")
        await seen(pilot, lambda: app.screen is app.main)
        assert status(app).startswith("sweep: ")
        assert "● sweep" in screen_lines(app)[0]
        await pilot.press("s")
        await seen(pilot, lambda: isinstance(app.screen, SweepScreen))
        await pilot.press("q")
        gate.release()
        await finish_sweep(pilot)
        assert status(app) == "the sweep is done · p shows its plot"


async def test_a_sweep_that_ends_behind_another_screen_is_told_when_the_cockpit_is_back() -> None:
    gate = Gate("score", "nf4", 3)
    app = make_app(gate=gate, choices=CHOICES)
    async with running(app) as pilot:
        await start_sweep(pilot)
        await seen(pilot, gate.reached.is_set)
        await pilot.press("b", "question_mark")
        gate.release()
        await finish_sweep(pilot)
        await pilot.press("down", "escape")
        await seen(pilot, lambda: app.screen is app.main)
        assert status(app) == "the sweep is done · p shows its plot"


async def test_a_run_is_refused_while_a_sweep_goes_on_and_the_other_way_round() -> None:
    gate = Gate("score", "nf4", 3)
    app = make_app(gate=gate, choices=CHOICES)
    async with running(app) as pilot:
        await start_sweep(pilot)
        await seen(pilot, gate.reached.is_set)
        await pilot.press("b", "f5")
        assert status(app) == "a sweep is going on · s shows it, esc there stops it"
        assert app.main.run_view is None
        gate.release()
        await finish_sweep(pilot)
    gate = Gate("generate", "int8", 3)
    app = make_app(gate=gate, choices=CHOICES)
    async with running(app) as pilot:
        await pilot.press("f5")
        await seen(pilot, gate.reached.is_set)
        await pilot.press("s")
        assert status(app) == "a run is going on · esc stops it"
        assert app.screen is app.main
        gate.release()


async def test_leaving_asks_once_while_a_sweep_goes_on() -> None:
    gate = Gate("score", "nf4", 3)
    app = make_app(gate=gate, choices=CHOICES)
    async with running(app) as pilot:
        await start_sweep(pilot)
        await seen(pilot, gate.reached.is_set)
        await pilot.press("ctrl+q")
        assert "again leaves" in footer(app)
        assert not app._exit
        await pilot.press("ctrl+q")
        assert app._exit


async def test_a_variant_that_runs_out_of_memory_is_told_with_its_cause_and_the_others_go_on() -> None:
    app = make_app(OUT_OF_MEMORY, choices=CHOICES)
    async with running(app, (200, 50)) as pilot:
        await start_sweep(pilot)
        await finish_sweep(pilot)
        assert footer(app).startswith("done")
        assert "9 GiB more" in screen_text(app)


async def test_an_engine_that_does_not_start_is_told_with_what_to_do() -> None:
    faults = (Fault("load", "bf16", 0, OutOfMemoryError("the reference has no room", "Choose a smaller model.")),)
    app = make_app(default_script(faults=faults), choices=CHOICES)
    async with running(app) as pilot:
        await start_sweep(pilot)
        await finish_sweep(pilot)
        assert "the reference has no room" in footer(app)


async def test_esc_stops_a_sweep_and_r_goes_on_with_it_under_the_same_id(tmp_path: Path) -> None:
    gate = Gate("score", "nf4", 3)
    app = sweeping(tmp_path / "history.db", gate=gate)
    async with running(app) as pilot:
        await start_sweep(pilot)
        await seen(pilot, gate.reached.is_set)
        await pilot.press("escape")
        gate.release()
        await finish_sweep(pilot)
        assert app.main.sweep is not None
        first = app.main.sweep
        assert footer(app).startswith("stopped · what was measured is kept")
        assert "cells are left" in screen_text(app)
        await pilot.press("R")
        await seen(pilot, lambda: app.main.sweep is not first)
        await finish_sweep(pilot)
        assert app.main.sweep.run_id == first.run_id
        assert footer(app).startswith("done")


async def test_a_sweep_that_is_not_kept_says_that_it_can_only_be_started_anew() -> None:
    gate = Gate("score", "nf4", 3)
    app = make_app(gate=gate, choices=CHOICES)
    async with running(app) as pilot:
        await start_sweep(pilot)
        await seen(pilot, gate.reached.is_set)
        await pilot.press("escape")
        gate.release()
        await finish_sweep(pilot)
        await pilot.press("R")
        assert "can only be started anew" in footer(app)


async def test_p_shows_the_plot_of_the_last_sweep_and_says_where_there_is_none() -> None:
    app = make_app(choices=CHOICES)
    async with running(app) as pilot:
        await pilot.press("p")
        assert "no sweep yet" in status(app)
        await start_sweep(pilot)
        await finish_sweep(pilot)
        await pilot.press("b", "p")
        await seen(pilot, lambda: isinstance(app.screen, SweepScreen))


async def test_the_form_knows_how_long_it_will_take_once_a_sweep_was_made() -> None:
    app = make_app(choices=CHOICES)
    async with running(app) as pilot:
        await start_sweep(pilot)
        await finish_sweep(pilot)
        await pilot.press("b", "s")
        assert "at the last sweep's speed" in screen_text(app)


def test_the_cockpit_comes_up_without_what_the_sweeps_screen_paints_with() -> None:
    script = (
        "import sys, quanttui.tui.screens.main, quanttui.tui.services; "
        "print([name for name in ('numpy', 'textual_plot', 'quanttui.tui.screens.sweep') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


async def test_tab_goes_through_the_panes_and_on_a_small_terminal_through_the_pages() -> None:
    app = make_app(choices=CHOICES)
    async with running(app, (80, 24)) as pilot:
        screen = await start_sweep(pilot)
        await finish_sweep(pilot)
        seen_pages = [screen.page]
        for _ in range(5):
            await pilot.press("tab")
            await pilot.pause()
            seen_pages.append(screen.page)
        assert seen_pages == ["plot", "table", "heat", "verdict", "progress", "plot"]
        await pilot.press("shift+tab")
        assert screen.page == "progress"


async def test_a_walk_through_sizes_keeps_the_focus_on_what_is_seen() -> None:
    app = make_app(choices=CHOICES)
    async with running(app, (200, 50)) as pilot:
        screen = await start_sweep(pilot)
        await finish_sweep(pilot)
        await pilot.press("3")
        for size in [(60, 20), (80, 24), (111, 40), (112, 38), (160, 45), (40, 12), (220, 60)]:
            await pilot.resize_terminal(*size)
            await seen(pilot, lambda size=size: all(len(line) == size[0] for line in screen_lines(app)))
            assert app.focused is not None, size
            assert app.focused.id == "sweep-heat", size
            assert app.focused.is_on_screen, size
            panes = [pane for pane in screen.query(".pane") if pane.is_on_screen]
            for one, other in combinations(panes, 2):
                assert not one.region.overlaps(other.region), (size, one, other)


async def test_help_tells_what_the_signs_of_a_sweep_mean_and_its_keys() -> None:
    app = make_app(choices=CHOICES)
    async with running(app, (120, 40)) as pilot:
        await start_sweep(pilot)
        await finish_sweep(pilot)
        await pilot.press("question_mark")
        await seen(pilot, lambda: "Help · Sweep" in screen_text(app))
        assert "★ is recommended" in screen_text(app)


async def test_e_writes_the_report_and_the_pictures_of_a_sweep(tmp_path: Path) -> None:
    app = make_app(choices=CHOICES)
    async with running(app) as pilot:
        await start_sweep(pilot)
        await finish_sweep(pilot)
        await pilot.press("e")
        await seen(pilot, lambda: isinstance(app.screen, ExportScreen))
        app.screen.query_one("#field-folder", SafeInput).value = str(tmp_path)
        await pilot.press("end", "space", "enter")
        await seen(pilot, lambda: screen_text(app).count("✓ demo-") == 3 and tmp_path.name[:12] in screen_text(app))
        assert sorted(path.suffix for path in tmp_path.iterdir()) == [".md", ".svg", ".svg"]


async def test_hostile_names_are_shown_and_do_nothing() -> None:
    hostile = replace(DEMO, id="[bold]\x1b[31mx\x07[/]", path="/models/hostile")
    app = make_app(models=(hostile,), choices=CHOICES)
    async with running(app) as pilot:
        await pilot.press("s")
        assert "\x1b" not in screen_text(app)
        await pilot.press("f5")
        await finish_sweep(pilot)
        await pilot.pause()
        assert "[bold]" in screen_lines(app)[0]
        assert not {"\x1b", "\x07"} & set(screen_text(app))
