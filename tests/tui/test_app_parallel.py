"""A run side by side on the screen: two models load and stream at once, and it ends as one made one after another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from scripted_app import finish, make_app, pane_text, running, status, until

from quanttui.engine.pool import EnginePool
from quanttui.engine.scripted import Gate, ScriptedEngine, default_script
from quanttui.pipeline.plans import Look
from quanttui.records import Plan, Variant
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.state.variant_view import Stage


class Gates:
    """Holds several variants, each at a step of its own."""

    def __init__(self, *gates: Gate) -> None:
        self.gates = gates

    def __call__(self, stage: str, variant: Variant, index: int) -> None:
        for gate in self.gates:
            gate(stage, variant, index)

    @property
    def are_reached(self) -> bool:
        return all(gate.reached.is_set() for gate in self.gates)

    def release(self) -> None:
        for gate in self.gates:
            gate.release()


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    look = Look(lambda: 2, lambda: 2.0, lambda *_: (2**40, 2**40))
    monkeypatch.setattr("quanttui.pipeline.plans.MACHINE", look)


@contextmanager
def side_by_side(*gates: Gate) -> Iterator[tuple[QuantTuiApp, Gates]]:
    held = Gates(*gates)
    pool = EnginePool(lambda _number: ScriptedEngine(default_script(), held))
    try:
        yield QuantTuiApp(replace(make_app().services, engine=pool, plan=Plan.PARALLEL)), held
    finally:
        held.release()


async def test_reference_and_candidate_stream_at_the_same_time() -> None:
    with side_by_side(Gate("generate", "bf16", 14), Gate("generate", "int8", 9)) as (app, held):
        async with running(app, (120, 40)) as pilot:
            await pilot.press("f5")
            await until(pilot, lambda: held.are_reached)
            await pilot.pause()
            app.main.paint()
            await pilot.pause()
            run = app.main.run_view
            assert [view.stage for view in run.at_work] == [Stage.GENERATING, Stage.GENERATING]
            assert status(app).startswith("generating bf16 14/100 tokens · generating int8 9/100 tokens")
            assert "left" not in status(app)
            assert "there lived a" in pane_text(app, "reference")
            assert "there lived a" in pane_text(app, "candidate")
            assert run.differences(run.candidates[0]) == ()  # ahead of the reference nothing differs yet
            if folder := os.environ.get("QUANTTUI_TEST_PICTURES"):
                app.save_screenshot("parallel.svg", folder)
            held.release()
            await finish(pilot)
            assert (
                status(app) == "done, measured side by side · int8 parts at token 55 of 74, nf4 parts at token 8 of 66"
            )


async def test_escape_stops_every_model_that_is_worked_on() -> None:
    with side_by_side(Gate("generate", "bf16", 14), Gate("generate", "int8", 9)) as (app, held):
        async with running(app) as pilot:
            await pilot.press("f5")
            await until(pilot, lambda: held.are_reached)
            await pilot.press("escape")
            held.release()
            await finish(pilot)
            assert status(app).startswith("stopped")
            views = [app.main.run_view.reference, *app.main.run_view.candidates]
            assert [view.stage for view in views] == [Stage.STOPPED] * 3
