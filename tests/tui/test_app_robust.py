"""Sizes that change, keys that make no sense, signals: the app goes on, or leaves cleanly."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest
from random_user import RandomUser, leave
from scripted_app import (
    StoryEngine,
    finish,
    make_app,
    pane_text,
    reach,
    running,
    screen_lines,
    screen_text,
    status,
    until,
)

from quanttui.engine.scripted import Gate


async def test_a_storm_of_resizes_in_the_middle_of_a_run_loses_nothing():
    draw = random.Random(7)
    gate = Gate("generate", "nf4", 20)
    app = make_app(gate=gate)
    async with running(app) as pilot:
        await pilot.press("f5")
        await reach(pilot, gate)
        for _ in range(8):
            await pilot.resize_terminal(draw.randint(20, 220), draw.randint(6, 60))
        gate.release()
        await finish(pilot)
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert status(app).startswith("done")
        assert "▶sons" in pane_text(app, "candidate")


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 40), (200, 50)])
async def test_no_line_is_longer_than_the_screen_and_the_footer_keeps_its_keys(size: tuple[int, int]):
    app = make_app()
    async with running(app, size) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        lines = screen_lines(app)
        assert len(lines) == size[1]
        for key in ("F5 run", "n next difference", "? help", "^q quit"):
            assert key in lines[-1]
        assert lines[-2].lstrip().startswith("✓ done")


async def test_every_pane_is_one_key_away_on_a_small_terminal():
    app = make_app()
    async with running(app, (80, 24)) as pilot:
        for key, sign in zip("123456", ("demo", "bf16", "Once", "Reference", "Candidate", "host memory"), strict=True):
            await pilot.press("escape", key)
            await pilot.pause()
            await pilot.pause()
            assert app.focused is not None
            assert app.focused.region.height > 0
            assert sign in screen_text(app)


async def test_z_fills_the_screen_with_a_pane_and_esc_puts_it_back():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("z")
        await pilot.pause()
        assert "1 Model" not in screen_text(app)
        assert "▶sons" in screen_text(app)
        assert "^q quit" in screen_text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "1 Model" in screen_text(app)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 11))])
async def test_random_keys_clicks_and_resizes_leave_an_app_that_works_and_can_be_left(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)  # it exports too
    async with running(make_app(), (100, 30)) as pilot:
        user = RandomUser(pilot, seed)
        await user.act(1_000)
        await leave(user)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_the_app_and_closes_the_engine(number: signal.Signals):
    gate = Gate("generate", "bf16", 3)
    app = make_app(gate=gate)
    async with running(app) as pilot:
        await pilot.press("f5")
        await reach(pilot, gate)
        os.kill(os.getpid(), number)
        await until(pilot, lambda: app._exit)
    assert app.return_code == 130
    engine = app.services.engine
    assert isinstance(engine, StoryEngine)
    assert engine.closed


async def test_ctrl_c_stops_a_run_and_otherwise_says_how_to_leave():
    gate = Gate("generate", "bf16", 3)
    app = make_app(gate=gate)
    async with running(app) as pilot:
        await pilot.press("ctrl+c")
        assert status(app) == "nothing runs · ctrl+q leaves"
        await pilot.press("f5")
        await reach(pilot, gate)
        await pilot.press("ctrl+c")
        gate.release()
        await finish(pilot)
        assert status(app).startswith("stopped")


async def test_without_colour_differences_and_focus_still_show(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        strips = app.screen._compositor.render_strips()
        differing = [segment for strip in strips for segment in strip if segment.text.strip() == "sons"]
        assert differing
        assert all(segment.style.underline for segment in differing)
        assert "┏" in screen_text(app)
