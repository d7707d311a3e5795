"""An output as a file, where the terminal takes no clipboard."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from scripted_app import finish, make_app, running, status, until

from quanttui.runs.outputs import write_output


async def test_an_output_is_written_to_a_file_of_its_own_and_its_path_said(tmp_path: Path):
    app = make_app(write_output=partial(write_output, tmp_path))
    async with running(app) as pilot:
        await pilot.press("Y")
        assert status(app) == "no output to write yet"
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("4", "Y")
        await until(pilot, lambda: status(app).startswith("written"))
        assert app.main.run_view is not None
        assert app.main.run_view.reference is not None
        (path,) = tmp_path.iterdir()
        assert path.read_text() == app.main.run_view.reference.text
        assert status(app) == f"written to {path}"


async def test_what_cannot_be_written_is_said(tmp_path: Path):
    (tmp_path / "file").write_text("")
    app = make_app(write_output=partial(write_output, tmp_path / "file"))
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("4", "Y")
        await until(pilot, lambda: "in the way" in status(app) or "could not be written" in status(app))
