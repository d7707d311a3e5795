"""Opening a model by name: folders completed, hub ids planned and fetched, what goes wrong told in place."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from scripted_app import (
    BROKEN,
    DEMO,
    LLAMA,
    finish,
    keys,
    make_app,
    running,
    screen_text,
    status,
    until,
)
from textual.pilot import Pilot
from textual.widgets import Input, Static

from quanttui.errors import CancelledError, UsageError
from quanttui.models.folders import complete_folder
from quanttui.models.hub_errors import DiskFullError, GatedModelError, HubError, OfflineError
from quanttui.records import ModelEntry, ModelSource
from quanttui.records.download import DownloadEvent, DownloadFinished, DownloadPlan, DownloadProgress, PlannedFile
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.screens.open_model import OpenScreen
from quanttui.tui.services import Hub
from quanttui.tui.state.download_view import plan_lines, progress_words
from quanttui.tui.widgets.model_list import ModelList

GB = 10**9
REMOTE = replace(LLAMA, id="org/new", path="/tmp/headers", source=ModelSource.HUB)
FETCHED = replace(REMOTE, path="/cache/new", source=ModelSource.CACHE)
PLAN = DownloadPlan(
    "org/new",
    None,
    "c" * 40,
    "/home/me/hub",
    (PlannedFile("model.safetensors", 16 * GB, "d" * 64, True, 4 * GB),),
    99 * GB,
    0,
)


class FakeRun:
    """A download that goes on until it is let go or cancelled."""

    def __init__(self, failure: HubError | None = None) -> None:
        self.failure, self.go_on, self.is_cancelled = failure, threading.Event(), False

    def events(self) -> Iterator[DownloadEvent]:
        yield DownloadProgress(6 * GB, 16 * GB, 45e6, 222.0)
        assert self.go_on.wait(20)
        if self.is_cancelled:
            raise CancelledError("the download was stopped")
        if self.failure:
            raise self.failure
        yield DownloadProgress(16 * GB, 16 * GB, None, 0.0)
        yield DownloadFinished(FETCHED)

    def cancel(self) -> None:
        self.is_cancelled = True
        self.go_on.set()


class FakeHub:
    def __init__(
        self, plan: DownloadPlan = PLAN, refusal: HubError | None = None, failure: HubError | None = None
    ) -> None:
        self._plan, self._refusal = plan, refusal
        self.run = FakeRun(failure)
        self.services = Hub(self.plan, lambda model_id, folder: REMOTE, lambda plan: self.run)

    def plan(self, model_id: str) -> DownloadPlan:
        if self._refusal is not None:
            raise self._refusal
        return self._plan


async def open_id(pilot: Pilot[None], name: str) -> None:
    await pilot.press("o", *keys(name), "enter")


def fetched_app(hub: FakeHub) -> QuantTuiApp:
    return make_app(hub=hub.services)


def told(app: QuantTuiApp) -> str:
    """What stands beneath the line."""
    return str(app.screen.query_one("#ask-words", Static).content)


async def fetching(pilot: Pilot[None], hub: FakeHub) -> None:
    await open_id(pilot, "org/new")
    await until(pilot, lambda: "16.0 GB in 1 file" in screen_text(pilot.app))
    await pilot.press("enter")
    await until(pilot, lambda: "6.0 GB of 16.0 GB" in screen_text(pilot.app))


async def test_a_hub_id_that_is_not_here_shows_its_plan_and_its_fits_before_anything_comes() -> None:
    app = fetched_app(FakeHub())
    async with running(app) as pilot:
        await open_id(pilot, "org/new")
        await until(pilot, lambda: "✓ fits" in screen_text(app) and "nf4 " in screen_text(app))
        shown = screen_text(app)
        for words in ("16.0 GB in 1 file, 4.0 GB of it here already", "99.0 GB free", "8.0B parameters"):
            assert words in shown
        assert "enter fetches it" in shown
        await pilot.press("escape")
        await pilot.pause()
        assert app.main.selection.model == DEMO
        await until(pilot, lambda: app.main.board.question and app.main.board.question.model == DEMO)


async def test_enter_fetches_it_and_it_is_chosen_when_it_is_whole() -> None:
    hub = FakeHub()
    app = fetched_app(hub)
    async with running(app) as pilot:
        await fetching(pilot, hub)
        shown = screen_text(app)
        assert "37 %" in shown
        assert "45.0 MB/s · 3 min 42 s left" in shown
        hub.run.go_on.set()
        await until(pilot, lambda: app.main.selection.model == FETCHED)
        await until(pilot, lambda: app.screen is app.main)
        assert FETCHED in app.main.entries


async def test_escape_stops_it_and_says_that_it_goes_on_from_there() -> None:
    hub = FakeHub()
    app = fetched_app(hub)
    async with running(app) as pilot:
        await fetching(pilot, hub)
        await pilot.press("escape")
        await until(pilot, lambda: "stopped with 6.0 GB of 16.0 GB here" in screen_text(app))
        assert "enter goes on from there" in told(app)
        await pilot.press("enter")
        await until(pilot, lambda: "16.0 GB in 1 file" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)


async def test_one_works_on_while_it_comes_and_is_told_when_it_is_here() -> None:
    hub = FakeHub()
    app = fetched_app(hub)
    async with running(app) as pilot:
        await fetching(pilot, hub)
        await pilot.press("b")
        await until(pilot, lambda: app.screen is app.main)
        assert "org/new keeps coming" in status(app)
        assert "⇣ 37 %" in str(app.main.query_one(ModelList).border_subtitle)
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("o")
        await until(pilot, lambda: "6.0 GB of 16.0 GB" in screen_text(app))
        await pilot.press("b")
        hub.run.go_on.set()
        await until(pilot, lambda: "org/new is here" in status(app))
        assert app.main.selection.model == DEMO, "what one works with stays chosen"
        assert FETCHED in app.main.entries
        assert "⇣" not in str(app.main.query_one(ModelList).border_subtitle)


async def test_leaving_cancels_the_download() -> None:
    hub = FakeHub()
    app = fetched_app(hub)
    async with running(app) as pilot:
        await fetching(pilot, hub)
    assert hub.run.is_cancelled


@pytest.mark.parametrize(
    "refusal", [GatedModelError("org/new", "https://hub", with_token=False), OfflineError("HF_HUB_OFFLINE")]
)
async def test_what_the_hub_refuses_is_told_in_three_lines(refusal: HubError) -> None:
    app = fetched_app(FakeHub(refusal=refusal))
    async with running(app) as pilot:
        await open_id(pilot, "org/new")
        await until(pilot, lambda: refusal.message in screen_text(app))
        assert told(app).splitlines() == [f"✗ {refusal.message}", refusal.why, refusal.hint]


async def test_a_disk_that_fills_up_is_told_and_the_question_stays() -> None:
    hub = FakeHub(failure=DiskFullError("org/new", "/home/me/hub", "no space left on device"))
    app = fetched_app(hub)
    async with running(app) as pilot:
        await fetching(pilot, hub)
        hub.run.go_on.set()
        await until(pilot, lambda: "the disk has no room for org/new" in screen_text(app))
        assert isinstance(app.screen, OpenScreen)
        assert app.main.fetching is None


async def test_a_plan_that_the_disk_cannot_hold_says_so() -> None:
    app = fetched_app(FakeHub(replace(PLAN, free_bytes=GB)))
    async with running(app) as pilot:
        await open_id(pilot, "org/new")
        await until(pilot, lambda: "✗ no room: 12.0 GB needed" in screen_text(app))


async def test_tab_completes_a_folder_and_its_model_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "models" / "llama-small").mkdir(parents=True)
    (tmp_path / "models" / "llama-large").mkdir()

    def find(typed: str) -> ModelEntry:
        if typed.rstrip("/").endswith("llama-small"):
            return replace(LLAMA, id=typed, path=typed, source=ModelSource.FOLDER)
        if Path(typed).is_dir():
            return replace(BROKEN, id=typed, path=typed, problem="config.json is missing")
        raise UsageError(f"there is no folder {typed!r}")

    app = make_app()
    object.__setattr__(app.services, "find_model", find)
    async with running(app) as pilot:
        await pilot.press("o")
        await pilot.pause()
        field = app.screen.query_one(Input)
        field.value = f"{tmp_path}/mo"
        await pilot.press("tab")
        await until(pilot, lambda: field.value == f"{tmp_path}/models/")
        await pilot.press("tab")
        await until(pilot, lambda: field.value == f"{tmp_path}/models/llama-")
        await until(pilot, lambda: "llama-large/  llama-small/" in screen_text(app))
        await pilot.press("s", "tab")
        await until(pilot, lambda: "8.0B parameters" in screen_text(app))
        await pilot.press("enter")
        await until(
            pilot, lambda: app.main.selection.model and app.main.selection.model.parameter_count == 8_030_261_248
        )


async def test_from_the_start_to_an_own_folder_at_int8_takes_few_keys() -> None:
    app = make_app(models=(DEMO,))
    async with running(app) as pilot:
        await pilot.press("o", *keys("/models/llama"))
        own = ["enter", "j", "space", "f5"]  # chosen; nf4 unticked; run
        await pilot.press(own[0])
        await until(pilot, lambda: app.main.selection.model == LLAMA)
        await pilot.press(*own[1:])
        await finish(pilot)
        assert [view.variant.spelling for view in app.main.run_view.candidates] == ["int8"]
        assert app.main.run_view.request.model == LLAMA
        assert 1 + len(own) <= 10


def test_folders_complete_as_in_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("alpha-one", "alpha-two", "beta", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "alpha-file").write_text("")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert complete_folder(f"{tmp_path}/al").text == f"{tmp_path}/alpha-"
    assert complete_folder(f"{tmp_path}/al").names == ("alpha-one", "alpha-two")
    assert complete_folder("~").text == "~/"
    assert complete_folder("~/b").text == "~/beta/"
    assert complete_folder("~/").names == ("alpha-one", "alpha-two", "beta")
    assert complete_folder("~/.h").text == "~/.hidden/"
    assert complete_folder("/no/such/folder").text == "/no/such/folder"
    assert complete_folder("\0").names == ()


def test_plans_and_progress_in_words() -> None:
    assert plan_lines(PLAN)[1] == "16.0 GB in 1 file, 4.0 GB of it here already"
    assert plan_lines(replace(PLAN, free_bytes=None))[-1] == plan_lines(PLAN)[1]
    assert progress_words(DownloadProgress(1, 2 * GB)) == "1 B of 2.0 GB · waiting for the hub"
    assert progress_words(DownloadProgress(GB, GB)) == "1.0 GB · finishing"
