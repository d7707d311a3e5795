"""The export dialog: formats and a picture into a folder, nothing over what is there, what went wrong in its place."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from xml.etree import ElementTree

import pytest
from kept_runs import keep, looking, open_history, request, seen, stored
from scripted_app import finish, running, screen_text, status

from quanttui.errors import UsageError
from quanttui.runs.export.picture import private_picture
from quanttui.runs.export.privacy import Privacy
from quanttui.runs.store import RunStore
from quanttui.tui.screens.export import ExportScreen
from quanttui.tui.workers.exporting import PICTURE, ExportWish, write_export
from quanttui.variants import parse_variant


async def test_the_shown_run_is_exported_with_a_picture_and_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    app = looking(tmp_path / "history.db", access_folder=folder, access_privacy=Privacy("/models"))
    async with running(app) as pilot:
        await pilot.press("e")
        assert "no run to export yet" in status(app)
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("e")
        await seen(pilot, lambda: isinstance(app.screen, ExportScreen))
        await pilot.press("space", "G", "space", "enter")
        await seen(pilot, lambda: "demo-run-1.svg" in screen_text(app))
        names = {path.name for path in folder.iterdir()}
        assert names == {"demo-run-1.json", "demo-run-1.md", "demo-run-1.svg"}
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
        picture = ElementTree.fromstring((folder / "demo-run-1.svg").read_text())
        words = "".join(picture.itertext()).replace("\xa0", " ")
        assert "parts at token" in words
        assert "Export" not in words
        before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
        await pilot.press("enter")
        await seen(pilot, lambda: "nothing was written" in screen_text(app))
        assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
        await pilot.press("tab", "tab", "tab", "space", "shift+tab", "enter")
        await seen(pilot, lambda: all(path.stat().st_mtime_ns > then for path, then in before.items()))
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen is app.main


async def test_marked_runs_of_the_history_are_exported_together(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    for hour, name in enumerate(("run-a", "run-b", "run-c")):
        keep(path, request(name), hour=hour)
    app = looking(path, access_folder=tmp_path / "out")
    async with running(app, (80, 24)) as pilot:
        await open_history(pilot)
        await pilot.press("m", "j", "j", "m", "e")
        await seen(pilot, lambda: "Export · 2 runs" in screen_text(app))
        await pilot.press("G", "space")
        assert "open the run" in screen_text(app).split("files that exist")[1]
        await pilot.press("tab", "ctrl+u", *"/proc/none", "enter")
        await seen(pilot, lambda: "could not be written" in screen_text(app))
        screen = app.screen
        screen.query_one("#field-folder").value = "/no/" * 40 + "where"
        await seen(pilot, lambda: "/no//no//no/" in screen_text(app))
        screen.query_one("#field-folder").value = str(tmp_path / "out")
        await pilot.press("enter")
        await seen(pilot, lambda: (tmp_path / "out").is_dir() and len(list((tmp_path / "out").iterdir())) == 2)
    assert {made.name for made in (tmp_path / "out").iterdir()} == {"demo-run-a.md", "demo-run-c.md"}


def test_card_and_script_are_made_of_each_candidate_or_of_the_one_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    keep(path, request("run-a"))
    run = stored(path, "run-a").run
    every = write_export([run], ExportWish(("card", "script"), str(tmp_path / "each")), None, Privacy())
    assert [made.name for made in every] == [
        "demo-int8-run-a.card.md", "demo-nf4-run-a.card.md", "demo-int8-run-a.py", "demo-nf4-run-a.py"
    ]  # fmt: skip
    one = write_export([run], ExportWish(("script",), str(tmp_path / "one"), "nf4"), None, Privacy())
    assert [made.name for made in one] == ["demo-nf4-run-a.py"]
    document = write_export([run], ExportWish(("json",), str(tmp_path)), None, Privacy())
    assert json.loads(document[0].read_text())["run_id"] == "run-a"
    assert parse_variant("nf4") in run.request.candidates


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (ExportWish((), "."), "no format is ticked"),
        (ExportWish(("script",), ".", "fp4"), "loaded no fp4"),
        (ExportWish(("script",), ".", "nonsense"), "nonsense"),
        (ExportWish(("json",), "a\0b"), "holds no NUL"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_words(tmp_path: Path, wish: ExportWish, words: str) -> None:
    path = tmp_path / "history.db"
    keep(path, request("run-a"))
    with RunStore.open_existing(path) as store:
        run = store.load("run-a")
    with pytest.raises(UsageError, match=words):
        write_export([run], wish, None, Privacy())


def test_a_picture_holds_neither_the_home_nor_a_secret_and_keeps_its_columns(tmp_path: Path) -> None:
    privacy = Privacy("/home/me & you", ("s3cr&t-value",))
    svg = '<text textLength="9">/home/me&#160;&amp;&#160;you/models</text><text>at&#160;s3cr&amp;t-value</text>'
    scrubbed = private_picture(svg, privacy)
    assert "you" not in scrubbed
    assert "s3cr" not in scrubbed
    texts = [node.text for node in ElementTree.fromstring(f"<svg>{scrubbed}</svg>")]
    assert texts[0] == "~/models".rjust(len("/home/me & you/models"), "\xa0")
    path = tmp_path / "history.db"
    keep(path, request("run-a"))
    (written,) = write_export([stored(path, "run-a").run], ExportWish((PICTURE,), str(tmp_path)), svg, privacy)
    assert written.read_text() == scrubbed
