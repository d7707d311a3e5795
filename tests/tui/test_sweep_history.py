"""Sweeps of the history on the screen: listed, opened as they ended, watched while another process works on them, taken
up, made anew, set side by side."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from kept_runs import keep, open_history, request, seen
from kept_sweeps import finish_sweep, keep_sweep, open_sweep, sweep_events, sweep_request, sweeping
from scripted_app import running, screen_text, status

from quanttui.records.history import RunState
from quanttui.runs.store import RunStore
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.screens.history import HistoryScreen
from quanttui.tui.screens.run_comparison import RunComparisonScreen
from quanttui.tui.screens.sweep import SweepScreen
from quanttui.tui.state.sweep_preview import sweep_sections
from quanttui.tui.widgets.footer_lines import FooterLines

STOPPED_AFTER = 30


def footer(app: QuantTuiApp) -> str:
    """What it says; "" on a screen that is not up yet."""
    return next((footer.status.text for footer in app.screen.query(FooterLines)), "")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sweeps") / "history.db"
    keep(path, request("run-a", max_new_tokens=2))
    keep_sweep(path, sweep_request("sweep-whole", "int8", "nf4", "fp4"), hour=1)
    keep_sweep(path, sweep_request("sweep-stopped"), hour=2, stop_after=STOPPED_AFTER)
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    """The newest: a sweep that was stopped, a whole one, a run."""
    return shutil.copy(made, tmp_path / "history.db")


async def test_the_list_tells_a_sweep_from_a_run_and_the_preview_what_it_found(path: Path) -> None:
    app = sweeping(path)
    async with running(app, (200, 50)) as pilot:
        await open_history(pilot)
        await seen(pilot, lambda: "R goes on with it" in screen_text(app))
        assert screen_text(app).count("▦ sweep") == 2
        await pilot.press("j")
        await seen(pilot, lambda: "recommended" in screen_text(app) and "KL mean" in screen_text(app))


async def test_a_stored_sweep_opens_as_it_ended_and_esc_leads_back_to_the_list(path: Path) -> None:
    app = sweeping(path)
    async with running(app) as pilot:
        await open_history(pilot)
        await pilot.press("j", "enter")
        await seen(pilot, lambda: isinstance(app.screen, SweepScreen))
        await seen(pilot, lambda: footer(app).startswith("done · recommended:"))
        assert "stored, of " in screen_text(app)
        assert "fp4" in screen_text(app)
        await pilot.press("escape")
        assert isinstance(app.screen, HistoryScreen)


async def test_a_stopped_sweep_says_what_is_left_and_is_taken_up_under_its_id(path: Path) -> None:
    app = sweeping(path)
    async with running(app) as pilot:
        await open_history(pilot)
        await pilot.press("enter")
        await seen(pilot, lambda: isinstance(app.screen, SweepScreen) and footer(app).startswith("it was stopped"))
        assert "cells are left" in screen_text(app)
        await pilot.press("R")
        await finish_sweep(pilot)
        assert footer(app).startswith("done")
        assert isinstance(app.screen, SweepScreen)
        assert app.screen.is_here
    with RunStore.open_existing(path) as store:
        assert store.read_sweep("sweep-stopped").line.state == "done"


@pytest.mark.parametrize(("is_here", "words"), [(True, "behind this screen"), (False, "another process works on it")])
def test_the_preview_of_a_running_sweep_says_who_works_on_it(path: Path, is_here: bool, words: str) -> None:
    with RunStore.open_existing(path) as store:
        line = replace(store.read_sweep("sweep-stopped").line, state=RunState.RUNNING)
    notes = [note for section in sweep_sections(line, "enter", "R", is_here=is_here) for note in section.notes]
    assert len(notes) == 1
    assert words in notes[0]


async def test_a_sweep_of_another_process_is_shown_growing(path: Path) -> None:
    told = list(sweep_events(path.parent, sweep_request("elsewhere")))
    recorder = open_sweep(path, told[0], hour=3)
    middle = 2 * len(told) // 3
    for event in told[1:middle]:
        recorder.note(event)
    app = sweeping(path)
    async with running(app) as pilot:
        await open_history(pilot)
        await pilot.press("enter")
        await seen(pilot, lambda: isinstance(app.screen, SweepScreen))
        screen = app.screen
        assert isinstance(screen, SweepScreen)
        assert "at work in another process" in footer(app)
        before = screen.view.snapshot.progress.cells_done
        await pilot.press("R")
        assert footer(app) == "it goes on already"
        for event in told[middle:]:
            recorder.note(event)
        recorder.close()
        screen.look_for_news()
        await seen(pilot, lambda: screen.view.is_done)
        assert screen.view.snapshot.progress.cells_done > before
        assert footer(app).startswith("done")


async def test_a_sweep_that_was_deleted_meanwhile_is_told_in_words(path: Path) -> None:
    told = list(sweep_events(path.parent, sweep_request("elsewhere")))
    recorder = open_sweep(path, told[0], hour=3)
    for event in told[1:20]:
        recorder.note(event)
    app = sweeping(path)
    async with running(app) as pilot:
        await open_history(pilot)
        await pilot.press("enter")
        await seen(pilot, lambda: isinstance(app.screen, SweepScreen))
        recorder.close()
        with RunStore.open(path) as store:
            store.delete(["elsewhere"])
        app.screen.look_for_news()
        await seen(pilot, lambda: "elsewhere" in footer(app))


async def test_r_in_the_list_makes_a_sweep_anew(path: Path) -> None:
    app = sweeping(path)
    async with running(app) as pilot:
        await open_history(pilot)
        await pilot.press("j", "r")
        await finish_sweep(pilot)
        assert app.main.sweep.run_id == "run-1"
        assert [each.spelling for each in app.main.sweep.request.candidates] == ["int8", "nf4", "fp4"]


async def test_two_sweeps_are_set_side_by_side_and_a_sweep_and_a_run_are_not(path: Path) -> None:
    app = sweeping(path)
    async with running(app, (200, 50)) as pilot:
        await open_history(pilot)
        await pilot.press("m", "j", "m", "c")
        await seen(pilot, lambda: isinstance(app.screen, RunComparisonScreen))
        assert "Figures" in screen_text(app)
        await pilot.press("escape", "m", "j", "m", "c")
        await seen(pilot, lambda: "cannot be held against each other" in footer(app))
        assert status(app)
