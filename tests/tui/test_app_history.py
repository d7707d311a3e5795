"""What the screen does with the history: runs are kept, and where they cannot be, it says so and goes on."""

from __future__ import annotations

from pathlib import Path

from scripted_app import finish, make_app, running, status

from quanttui.pipeline.recorded import recording
from quanttui.records.history import RunState
from quanttui.runs.store import RunStore


async def test_a_run_of_the_screen_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    app = make_app(record=recording(path, "screen"))
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
    with RunStore.open_existing(path) as store:
        stored = store.read("run-1")
    assert stored.line.state is RunState.DONE
    assert stored.origin.interface == "screen"


async def test_a_history_that_cannot_be_written_is_said_and_the_run_goes_on(tmp_path: Path) -> None:
    app = make_app(record=recording(tmp_path, "screen"))
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        assert app.main.run_view is not None
        assert app.main.run_view.failure is None
        assert "this run is not kept" in status(app)
        await pilot.press("f5")
        await finish(pilot)
        assert "this run is not kept" in status(app)
