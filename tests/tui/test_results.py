"""The results table: what stands in its rows as a run goes on, how it fits a width, and what its keys do."""

from __future__ import annotations

import pytest
from scripted_app import finish, make_app, pane_text, running, screen_text, status
from test_run_view import INT8, NF4, folded

from quanttui.records import Precision, Variant
from quanttui.records.events import CandidateScored, LoadProgressed, TokenGenerated
from quanttui.tui.services import InitialChoices
from quanttui.tui.state.results import result_rows
from quanttui.tui.state.run_view import RunView
from quanttui.tui.widgets.results_table import ResultsTable
from quanttui.tui.widgets.results_text import head_lines, lay_table, row_lines

THREE = InitialChoices(candidates=(INT8, NF4, Variant(Precision.FP4)))


def states(stop) -> list[str]:
    return [row.verdict for row in result_rows(folded(stop_after=stop))]


def test_rows_say_how_far_the_work_is():
    assert states(lambda e: isinstance(e, LoadProgressed) and e.progress.done == 6) == [
        "◔ loading 50 %",
        "· waiting",
        "· waiting",
    ]
    assert states(lambda e: isinstance(e, TokenGenerated) and e.variant == NF4 and e.token.index == 16) == [
        "reference",
        "≈ small",
        "◑ token 17",
    ]


def test_rows_keep_the_users_order_and_know_the_noise_floor():
    rows = result_rows(folded())
    assert [row.name for row in rows] == ["bf16", "int8", "nf4"]
    assert rows[0].cells["noise"] == "floor"
    assert rows[1].cells["weights_ratio"] == "0.65×"
    assert rows[2].cells["parts"] == "token 8"
    assert "±" in rows[2].cells["kl"]
    assert rows[2].cells["noise"].endswith("×")


def test_what_is_not_known_is_pending_and_then_not_available():
    at_work = result_rows(folded(stop_after=lambda e: isinstance(e, TokenGenerated) and e.variant == INT8))
    assert at_work[1].cells["same"] == "…"
    assert at_work[2].cells["weights"] == ""
    failed = folded(stop_after=lambda e: isinstance(e, CandidateScored))
    assert result_rows(folded(prompts=("  ",)))[0].verdict == "✗ failed"
    assert result_rows(failed)[2].cells["kl"] == ""
    assert result_rows(_without_score())[1].cells["kl"] == "n/a"


def _without_score() -> RunView:
    return folded(score=False)


@pytest.mark.parametrize("width", [56, 76, 104, 116, 196])
def test_columns_line_up_and_stay_within_the_width(width: int):
    rows = result_rows(folded())
    layout = lay_table(rows, width)
    heads = head_lines(layout, width)
    assert len(heads) == (1 if width >= 104 else 2)
    for row in rows:
        lines = row_lines(row, layout, width, at_cursor=False, is_shown=False)
        assert len(lines) == len(heads)
        assert all(line.cell_length == width for line in (*lines, *heads))
    first, second = (row_lines(row, layout, width, at_cursor=False, is_shown=False)[0].plain for row in rows[1:])
    assert first.index("MB") == second.index("MB")
    assert first.index("×") == second.index("×")


async def test_the_cursor_shows_the_candidate_everywhere_and_enter_leads_to_its_output():
    async with running(make_app(choices=THREE)) as pilot:
        app = pilot.app
        await pilot.press("8")
        assert "no results yet" in status(app)
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("8", "g", "m")
        assert "bf16 is the reference" in status(app)
        await pilot.press("j")
        await pilot.pause()
        assert "▶spring" in pane_text(app, "candidate")
        assert "KL(bf16‖int8)" in screen_text(app)
        await pilot.press("G")
        await pilot.pause()
        assert "KL(bf16‖fp4)" in screen_text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert app.main.pane_of_focus() == "candidate"
        await pilot.click(ResultsTable, offset=(8, 3))
        await pilot.pause()
        assert app.main.run_view.candidate.variant == INT8


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_marked_candidates_stand_side_by_side_and_go_again(size: tuple[int, int]):
    async with running(make_app(choices=THREE), size) as pilot:
        app = pilot.app
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("c")
        assert "nothing is marked" in status(app)
        await pilot.press("m", "left", "m", "c")
        await pilot.pause()
        assert status(app) == "nf4, fp4 side by side, each against the reference · c ends it"
        assert not app.main.query_one("#reference").is_on_screen
        assert "▶sons" in pane_text(app, "candidate")
        assert "▶was" in pane_text(app, "other")
        assert app.main.focused.is_on_screen
        await pilot.press("4")
        await pilot.pause()
        assert app.main.pane_of_focus() == "reference"
        await pilot.press("c", "x")
        await pilot.pause()
        assert app.main.query_one("#reference").is_on_screen
        assert not app.main.query_one("#other").is_on_screen


async def test_a_large_screen_shows_three_outputs_and_the_focus_says_whose_difference_is_meant():
    async with running(make_app(choices=InitialChoices(candidates=(INT8, NF4))), (200, 50)) as pilot:
        app = pilot.app
        await pilot.press("f5")
        await finish(pilot)
        assert "▶spring" in pane_text(app, "candidate")
        assert "▶sons" in pane_text(app, "other")
        for _ in range(2):
            await pilot.press("5")
            await pilot.pause()
            pane = app.main.focused.parent
            assert pane.variant == app.main.run_view.candidate.variant


async def test_a_pane_with_text_fields_fills_the_screen_too():
    async with running(make_app()) as pilot:
        app = pilot.app
        for pane in ("prompt", "settings"):
            app.main.action_pane(pane)
            await pilot.pause()
            await pilot.press("f4")
            await pilot.pause()
            assert app.main.maximized is app.main.query_one(f"#{pane}")
            assert "GiB" in screen_text(app).split("\n")[0]
            await pilot.press("escape")
            await pilot.pause()
            assert app.main.maximized is None
