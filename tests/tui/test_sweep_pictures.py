"""Pictures of the sweep on the screen: its form, one that goes on, one that is done, at the sizes it is made for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from kept_runs import seen
from scripted_app import WITH_GPU, make_app, settle
from sweep_samples import DONE, FAILED, RUNNING
from textual.pilot import Pilot

from quanttui.engine.base import Engine
from quanttui.records import Sweep, SweepRequest
from quanttui.records.sweep_events import SweepEvent, SweepFinished, SweepStarted, SweepTallied
from quanttui.records.sweep_run import SweepSnapshot
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.screens.sweep import SweepScreen

SIZES = ((80, 24), (120, 40), (200, 50))
TOLD = {"running": RUNNING, "done": DONE, "failed": FAILED}


def telling(snapshot: SweepSnapshot) -> Callable[..., Iterator[SweepEvent]]:
    """What runs a sweep tells this, and ends where nothing goes on any more."""

    def run(
        engine: Engine, request: SweepRequest, is_stopped: Callable[[], bool], resumed: Sweep | None
    ) -> Iterator[SweepEvent]:
        environment, reference = engine.describe(), snapshot.result.reference
        yield SweepStarted(request, environment, reference)
        yield SweepTallied(snapshot)
        while snapshot.progress.stage and not is_stopped():
            threading.Event().wait(0.02)
        yield SweepFinished(Sweep(request, environment, reference), snapshot)

    return run


def app_of(state: str) -> QuantTuiApp:
    return make_app(reading=WITH_GPU, run_sweep=telling(TOLD[state]))


def shown(state: str, *press: str) -> Callable[[Pilot[None]], object]:
    async def show(pilot: Pilot[None]) -> None:
        await settle(pilot)
        app = pilot.app
        assert isinstance(app, QuantTuiApp)
        await seen(pilot, lambda: len(app.main.board.fits) >= 6)
        await pilot.press("s")
        if state != "form":
            await pilot.press("f5")
            await seen(pilot, lambda: isinstance(app.screen, SweepScreen) and app.screen.view.snapshot is not None)
            await seen(pilot, lambda: state == "running" or app.screen.view.is_over)
        await pilot.press(*press)
        await pilot.pause()

    return show


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_form(snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    assert snap_compare(make_app(reading=WITH_GPU), terminal_size=size, run_before=shown("form"))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("state", ["running", "done"])
def test_the_screen(snap_compare: Callable[..., bool], state: str, size: tuple[int, int]) -> None:
    assert snap_compare(app_of(state), terminal_size=size, run_before=shown(state))


@pytest.mark.parametrize("page", ["2", "3", "4", "5"])
def test_the_pages_of_a_small_terminal(snap_compare: Callable[..., bool], page: str) -> None:
    assert snap_compare(app_of("failed"), terminal_size=(80, 24), run_before=shown("failed", page))
