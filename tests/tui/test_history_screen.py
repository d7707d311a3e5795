"""The history on the screen: what is listed, found, previewed and opened, and what is said where there is nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from kept_runs import HOUR, keep, looking, names, open_history, request, seen
from scripted_app import finish, make_app, pane_text, running, screen_text, status

from quanttui.engine.scripted import Fault, Gate, default_script
from quanttui.errors import LoadError
from quanttui.runs.store import RunStore
from quanttui.tui.screens.history import HistoryScreen
from quanttui.tui.widgets.fields import SafeInput
from quanttui.tui.widgets.run_list import PAGE, RunList
from quanttui.tui.widgets.run_preview import RunPreview

BROKEN = default_script(faults=(Fault("load", "int8", 0, LoadError("shard 3 is missing", "Get it again.")),))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "history.db"
    keep(path, request("run-a", "nf4", prompt="The little cat", model_id="org/Llama"))
    keep(path, request("run-b"), hour=1)
    keep(path, request("run-c"), BROKEN, hour=2)
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    """Three runs; run-c is the newest, and failed."""
    return shutil.copy(made, tmp_path / "history.db")


async def test_runs_are_listed_newest_first_and_the_preview_follows_the_cursor(path: Path) -> None:
    app = looking(path)
    async with running(app, (200, 50)) as pilot:
        screen = await open_history(pilot)
        assert names(screen) == ["run-c", "run-b", "run-a"]
        shown = screen_text(app)
        assert "3 runs" in shown
        failed, done, llama = shown.split("Runs, the newest first")[1].splitlines()[2:5]
        assert "✗ failed" in failed
        assert "0.002" in done
        assert "0.021" in done
        assert "Llama" in llama
        assert "int8" not in llama.split("││")[0]
        await seen(pilot, lambda: "shard 3 is missing" in screen_text(app))
        await pilot.press("j", "j")
        await seen(pilot, lambda: "shard 3 is missing" not in screen_text(app))
        assert "org/Llama" in screen_text(app)


async def test_a_small_screen_previews_in_place_of_the_list_and_a_history_that_is_off_says_so(
    path: Path,
) -> None:
    app = looking(path, access_off="runs are not kept: history = true in the settings file keeps them")
    async with running(app, (80, 24)) as pilot:
        screen = await open_history(pilot)
        shown = screen_text(app)
        for words in ("runs of this session are not kept", "history = true", "✓ done"):
            assert words in shown
        assert not screen.query_one(RunPreview).display
        await pilot.press("p")
        await seen(pilot, lambda: "shard 3 is missing" in screen_text(app))
        assert not screen.query_one("#history-list").display
        await pilot.press("escape")
        await seen(pilot, lambda: isinstance(screen.focused, RunList))
        assert screen.query_one("#history-list").display


async def test_a_filter_finds_runs_and_one_that_is_not_finished_leaves_them(path: Path) -> None:
    app = looking(path)
    async with running(app) as pilot:
        screen = await open_history(pilot)
        await pilot.press("slash", *"model", "colon", "l")
        await seen(pilot, lambda: names(screen) == ["run-a"] and screen.total == 1)
        screen.query_one("#filter", SafeInput).value = "model:l state:"
        await seen(pilot, lambda: "not yet: state: has no value" in screen_text(app))
        assert names(screen) == ["run-a"]
        screen.query_one("#filter", SafeInput).value = ""
        await seen(pilot, lambda: screen.total == 3)
        await pilot.press(*"nowhere")
        await seen(pilot, lambda: "no run is found" in screen_text(app))
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert app.screen is app.main


async def test_pages_are_read_as_they_come_into_view(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    keep(path, request("first", "nf4", max_new_tokens=2))
    rows = [(f"run-{number:04}", number * HOUR) for number in range(1, 301)]
    with sqlite3.connect(path) as connection:
        for run_id, later in rows:
            connection.execute(
                "INSERT INTO runs SELECT ?, state, started + ?, updated, ended, exit_code, process, model_key,"
                " variant_key, replace(line, '\"first\"', ?), kind, changes FROM runs WHERE run_id = 'first'",
                (run_id, later, f'"{run_id}"'),
            )
    connection.close()
    asked: list[int] = []

    class Watched(RunStore):
        def lines(self, *arguments):  # type: ignore[no-untyped-def]
            asked.append(arguments[2])
            return super().lines(*arguments)

    app = looking(path)
    object.__setattr__(app.services.history, "open", lambda: Watched.open_existing(path))
    async with running(app) as pilot:
        screen = await open_history(pilot)
        assert screen.total == 301
        assert set(asked) == {0}
        await pilot.press("G")
        runs = screen.query_one(RunList)
        await seen(pilot, lambda: runs.highlighted is not None and runs.highlighted.run_id == "first")
        await seen(pilot, lambda: set(asked) == {0, 3 * PAGE, 2 * PAGE})


async def test_enter_shows_the_run_as_it_was_escape_leads_back_and_f5_runs_what_is_chosen(path: Path) -> None:
    app = looking(path)
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        live = screen_text(app)
        await open_history(pilot)
        await pilot.press("j", "enter")
        await seen(pilot, lambda: app.main.shown_stored is not None)
        shown = screen_text(app)
        assert "Stored run of 20" in shown
        assert "not of what is chosen now" in shown
        assert status(app).startswith("stored run, done")
        for words in ("ended by the model", "parts at token 55 of 74", "8.8 ×", "real flip"):
            assert words in live
            assert words in shown
        await pilot.press("i")
        await pilot.pause()
        assert "load_in_8bit" in screen_text(app)
        await pilot.press("escape", "escape")
        await seen(pilot, lambda: isinstance(app.screen, HistoryScreen) and app.screen.total == 3)
        assert app.screen.query_one(RunList).cursor == 1
        await pilot.press("escape")
        await pilot.pause()
        assert app.main.run_view.request.run_id == "run-1"
        assert "Stored run" not in screen_text(app)
        await open_history(pilot)
        await pilot.press("G", "enter")
        await seen(pilot, lambda: app.main.shown_stored is not None)
        assert [view.variant.spelling for view in app.main.run_view.candidates] == ["nf4"]
        await pilot.press("f5")
        await finish(pilot)
        assert app.main.shown_stored is None
        assert len(app.main.run_view.candidates) == 2
        assert "Stored run" not in screen_text(app)


async def test_nothing_is_opened_while_a_run_goes_on_and_it_is_not_lost(path: Path) -> None:
    gate = Gate("generate", "int8", 3)
    app = looking(path, gate=gate)
    async with running(app) as pilot:
        await pilot.press("f5")
        await seen(pilot, gate.reached.is_set)
        await open_history(pilot)
        await pilot.press("enter")
        await seen(pilot, lambda: "a run is going on" in screen_text(app))
        await pilot.press("escape")
        gate.release()
        await finish(pilot)
        assert app.main.run_view.failure is None


async def test_a_history_that_is_missing_damaged_or_newer_is_told_and_the_app_goes_on(path: Path) -> None:
    whole = path.read_bytes()
    path.unlink()
    app = looking(path)
    async with running(app) as pilot:
        await open_history(pilot)
        assert "no run is kept yet" in screen_text(app)
        await pilot.press("enter", "m", "p", "escape", "d", "r", "c", "e", "escape")
        await seen(pilot, lambda: app.screen is app.main)
        assert not path.exists()
        path.write_bytes(os.urandom(4096))
        await pilot.press("h")
        await seen(pilot, lambda: "the history is damaged" in screen_text(app))
        await pilot.press("escape", "f5")
        await finish(pilot)
        assert app.main.run_view.failure is None
        path.write_bytes(whole)
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
        await pilot.press("h")
        await seen(pilot, lambda: "of its tables, this one knows" in screen_text(app))


async def test_without_a_history_the_key_says_so() -> None:
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("h")
        assert "there is no history here" in status(app)


ATTACK = "\x1b]52;c;aGFja2Vk\x07\x9b2J[/x][@click=app.quit]go[/]\u202e\u200b\n=1+1,'\"../"


async def test_hostile_prompts_and_names_are_shown_as_data(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    keep(path, request("run-a", prompt=f"{ATTACK}{'x' * 100_000}", model_id=f"org/{ATTACK}"))
    app = looking(path)
    async with running(app) as pilot:
        screen = await open_history(pilot)
        await pilot.press("p")
        await seen(pilot, lambda: "␛]52" in screen_text(app))
        await pilot.press("escape", "enter")
        await seen(pilot, lambda: app.main.shown_stored is not None)
        for shown in (screen_text(app), app.main.query_one("#stored-line").render().plain):
            assert not [
                c for c in shown if (ord(c) < 0x20 and c != "\n") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u200b"
            ]
        assert app._exit is False
        assert screen is not app.screen


async def test_a_run_of_several_prompts_shows_them_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    keep(path, request("run-a", "nf4", prompts=("First words", "Second words")))
    app = looking(path)
    async with running(app) as pilot:
        await open_history(pilot)
        await pilot.press("enter")
        await seen(pilot, lambda: app.main.shown_stored is not None)
        assert "prompt 1 of 2" in screen_text(app)
        assert "First words" in pane_text(app, "reference")
        await pilot.press("P")
        await seen(pilot, lambda: "prompt 2 of 2" in screen_text(app))
        assert "Second words" in pane_text(app, "reference")
        await pilot.press("P", "escape")
        await seen(pilot, lambda: isinstance(app.screen, HistoryScreen))


async def test_nothing_of_a_stored_run_stays_where_no_run_was_before(path: Path) -> None:
    app = looking(path)
    async with running(app) as pilot:
        before = screen_text(app)
        await open_history(pilot)
        await pilot.press("enter")
        await seen(pilot, lambda: app.screen is app.main and "Stored run of" in screen_text(app))
        await pilot.press("escape")
        await seen(pilot, lambda: isinstance(app.screen, HistoryScreen))
        await pilot.press("escape")
        await seen(pilot, lambda: app.screen is app.main)
        assert screen_text(app) == before
