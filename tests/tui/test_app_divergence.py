"""The divergence pane in the cockpit: its cursor, its keys, and a token forced through the engine."""

from __future__ import annotations

import pytest
from scripted_app import finish, make_app, running, screen_text, status, until
from textual.pilot import Pilot

from quanttui.engine.scripted import Gate
from quanttui.records import Variant
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.state.branch_view import BranchState, BranchView
from quanttui.tui.widgets.branch import BranchPane, BranchScreen
from quanttui.tui.widgets.divergence import DivergencePane
from quanttui.tui.widgets.output_pane import OutputPane
from quanttui.tui.widgets.strip import DivergenceStrip


async def compare(pilot: Pilot[None]) -> QuantTuiApp:
    app = pilot.app
    assert isinstance(app, QuantTuiApp)
    await pilot.press("f5")
    await finish(pilot)
    await pilot.press("7")
    await until(pilot, lambda: isinstance(app.focused, DivergenceStrip))
    return app


def branch(app: QuantTuiApp) -> BranchView:
    return app.screen.query_one(BranchPane).view


async def test_the_pane_takes_no_room_until_there_is_something_to_show() -> None:
    async with running(make_app()) as pilot:
        app = pilot.app
        assert isinstance(app, QuantTuiApp)
        assert not app.main.query_one(DivergencePane).display
        await pilot.press("7")
        assert "nothing measured yet" in status(app)
        await compare(pilot)
        assert app.main.query_one(DivergencePane).display
        assert "KL(bf16‖nf4)" in screen_text(app)


async def test_the_strip_and_the_references_text_share_one_cursor() -> None:
    async with running(make_app()) as pilot:
        app = await compare(pilot)
        await pilot.press("g", "right", "right")
        await until(pilot, lambda: not app.main._stale)
        assert app.main.token_under_cursor() == 2
        pieces = app.main.query_one("#reference", OutputPane).text._pieces
        assert [piece.token for piece in pieces if piece.look == "cursor"] == [2]


async def test_another_candidate_brings_its_own_divergence() -> None:
    async with running(make_app()) as pilot:
        app = await compare(pilot)
        await pilot.press("right_square_bracket")
        await pilot.pause()
        assert app.main.run_view is not None
        assert app.main.run_view.candidate is not None
        assert app.main.query_one(DivergencePane).score is app.main.run_view.candidate.score
        assert "KL(bf16‖int8)" in screen_text(app)


async def test_a_forced_token_grows_a_branch_beside_the_free_text() -> None:
    async with running(make_app()) as pilot:
        app = await compare(pilot)
        await pilot.press("g", "n", "f")
        await until(pilot, lambda: app.screen.query(BranchPane) and branch(app).state is BranchState.DONE)
        view = branch(app)
        assert (view.variant, view.donor) == ("nf4", "bf16")
        assert view.branch
        assert view.agreed_tokens is not None
        await pilot.press("escape")
        assert app.screen is app.main


async def test_forcing_where_nothing_parts_says_so() -> None:
    async with running(make_app()) as pilot:
        app = await compare(pilot)
        await pilot.press("g", "f")
        await pilot.pause()
        assert app.screen is app.main
        assert "nothing to force" in status(app)


async def test_escape_stops_a_branch_and_keeps_what_it_wrote() -> None:
    gate = BranchGate("nf4", 3)
    async with running(make_app(gate=gate)) as pilot:
        app = await compare(pilot)
        gate.arm()
        await pilot.press("g", "n", "f")
        await until(pilot, gate.reached.is_set)
        await until(pilot, lambda: app.screen.query(BranchPane) and branch(app).state is BranchState.RUNNING)
        await pilot.press("escape")
        gate.release()
        await until(pilot, lambda: branch(app).state is BranchState.STOPPED)
        assert branch(app).branch
        assert isinstance(app.screen, BranchScreen)


class BranchGate(Gate):
    """Stops at a generated token, but only once it is armed: the run before it goes by."""

    def __init__(self, spelling: str, index: int) -> None:
        super().__init__("generate", spelling, index)
        self._armed = False

    def arm(self) -> None:
        self._armed = True

    def __call__(self, stage: str, variant: Variant, index: int) -> None:
        if self._armed:
            super().__call__(stage, variant, index)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=str)
async def test_the_microscope_is_whole_at_every_size(size: tuple[int, int]) -> None:
    async with running(make_app(), size) as pilot:
        app = await compare(pilot)
        await pilot.press("w")
        await pilot.pause()
        shown = screen_text(app)
        for words in ("SMALL", "mean KL", "Token", "rank", "bf16 expected here", "nf4 expected here", "worst"):
            assert words in shown, words
