"""What the keys of the history do to runs: run again, mark, compare, delete."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from kept_runs import keep, looking, names, open_history, request, seen, stored
from rich.cells import cell_len
from scripted_app import finish, running, screen_text, status

from quanttui.errors import UsageError
from quanttui.pipeline.recorded import recording
from quanttui.records import ModelEntry
from quanttui.runs.comparing import compare_runs
from quanttui.runs.store import RunStore
from quanttui.tui.screens.confirm import ConfirmScreen
from quanttui.tui.screens.history import HistoryScreen
from quanttui.tui.screens.run_comparison import RunComparisonScreen
from quanttui.tui.widgets.run_comparison import comparison_content, comparison_words


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "history.db"
    keep(path, request("run-a", "nf4", prompt="The little cat", model_id="org/Llama", seed=7))
    keep(path, request("run-b"), hour=1)
    keep(path, request("run-c"), hour=2)
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    return shutil.copy(made, tmp_path / "history.db")


async def test_a_run_is_run_again_as_it_was_asked_for_and_kept_as_a_repetition(path: Path) -> None:
    def find_again(entry: ModelEntry) -> ModelEntry:
        return replace(entry, path="/moved")

    app = looking(
        path,
        access_find_again=find_again,
        access_record_again=lambda run_id: recording(path, "screen", run_id),
    )
    async with running(app) as pilot:
        await open_history(pilot)
        await pilot.press("G", "r")
        await seen(pilot, lambda: app.screen is app.main and app.main.run_view is not None)
        await finish(pilot)
        ran = app.main.run_view.request
        assert (ran.prompts, ran.generation.seed, ran.model.path) == (("The little cat",), 7, "/moved")
        assert [variant.spelling for variant in ran.candidates] == ["nf4"]
        assert "Runs a stored request again, not what is chosen now" in screen_text(app)
        await pilot.press("R")
        await seen(pilot, lambda: app.main.run_view.request.run_id == "run-2")
        await finish(pilot)
        await pilot.press("f5")
        await finish(pilot)
        assert "stored request" not in screen_text(app)
    assert stored(path, "run-1").origin.rerun_of == "run-a"
    assert stored(path, "run-2").origin.rerun_of == "run-1"


async def test_a_model_that_is_gone_is_said_and_nothing_runs(path: Path) -> None:
    def find_again(entry: ModelEntry) -> ModelEntry:
        raise UsageError(f"{entry.id} is not here any more", "quanttui models download gets it.")

    app = looking(path, access_find_again=find_again)
    async with running(app) as pilot:
        await open_history(pilot)
        await pilot.press("r")
        await seen(pilot, lambda: "cannot run again: demo is not here any more" in status(app))
        assert app.main.run_view is None


async def test_two_marked_runs_are_compared_and_one_is_not(path: Path) -> None:
    app = looking(path)
    async with running(app) as pilot:
        screen = await open_history(pilot)
        await pilot.press("c")
        await seen(pilot, lambda: "nothing is marked · two are compared" in screen_text(app))
        await pilot.press("m", "G", "m", "c")
        await seen(pilot, lambda: isinstance(app.screen, RunComparisonScreen))
        shown = screen_text(app)
        for words in ("What was asked", "org/Llama", "seed", "The little cat", "the figures are of different texts"):
            assert words in shown
        await pilot.press("escape")
        await seen(pilot, lambda: app.screen is screen)
        assert "◆ 2 marked" in screen_text(app)
        await pilot.press("x")
        assert screen.place.marked == ()
        assert "◆" not in screen_text(app)


def test_a_comparison_says_which_figures_really_differ(path: Path) -> None:
    first, second = stored(path, "run-a"), stored(path, "run-b")
    comparison = compare_runs(first, second)
    for width in (40, 76, 116, 196):
        lines = comparison_content(comparison, first.line, second.line, width).plain.splitlines()
        assert max(map(cell_len, lines)) <= max(width, 66)
    figures = "\n".join(lines).split("Figures")[1]
    assert "– not in both" in figures
    assert "= equal" in figures
    same = compare_runs(second, stored(path, "run-c"))
    assert comparison_words(same).startswith("0 of ")
    assert "the same in both" in comparison_content(same, second.line, second.line, 100).plain


async def test_deleting_asks_once_and_names_the_run(path: Path) -> None:
    app = looking(path)
    async with running(app) as pilot:
        screen = await open_history(pilot)
        await pilot.press("j", "d")
        await seen(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Delete the run of 20" in screen_text(app)
        assert "demo, bf16 → int8" in screen_text(app)
        await pilot.press("escape")
        await seen(pilot, lambda: app.screen is screen)
        assert screen.total == 3
        await pilot.press("d", "y")
        await seen(pilot, lambda: names(screen) == ["run-c", "run-a"] and screen.total == 2)
        await pilot.press("m", "g", "m", "d")
        await seen(pilot, lambda: "Delete the 2 marked runs?" in screen_text(app))
        await pilot.press("y")
        await seen(pilot, lambda: screen.total == 0)
        assert screen.place.marked == ()
        assert "no run is kept yet" in screen_text(app)


async def test_what_was_deleted_elsewhere_goes_help_is_its_own_and_the_palette_leads_back(
    path: Path,
) -> None:
    app = looking(path)
    async with running(app) as pilot:
        screen = await open_history(pilot)
        with RunStore.open_existing(path) as store:
            store.delete(["run-c"])
        await pilot.press("enter")
        await seen(pilot, lambda: "there is no run 'run-c'" in screen_text(app))
        screen.look_again()
        await seen(pilot, lambda: names(screen) == ["run-b", "run-a"] and screen.total == 2)
        await pilot.press("question_mark")
        await pilot.pause()
        shown = screen_text(app)
        assert "Help · History" in shown
        assert "Set the two marked runs side by side" in shown
        assert "Make the highlighted variant the reference" not in shown
        await pilot.press("escape")
        commands = {command.title: command for command in app.get_system_commands(app.screen)}
        await commands["Change the theme: dark, light, the terminal's own colours"].callback()
        assert isinstance(app.screen, HistoryScreen)
        await commands["Go to the variants"].callback()
        await seen(pilot, lambda: app.screen is app.main)
