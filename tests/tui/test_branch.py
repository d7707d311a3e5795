"""A branch beside the free-running text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from microscope_samples import BRANCH, BranchApp

from quanttui.tui.state.branch_view import BranchState, BranchView
from quanttui.tui.widgets.branch import (
    BranchPane,
    BranchScreen,
    branch_content,
    branch_status,
    branch_title,
    free_content,
)


def test_the_title_says_where_what_and_on_whom() -> None:
    assert branch_title(BRANCH).plain == "Branch at token 8 · nf4 made to take bf16's ␣daughters"


def test_what_both_texts_share_is_muted() -> None:
    shared = free_content(BRANCH).spans[0]
    assert free_content(BRANCH).plain[shared.start : shared.end] == BRANCH.prefix


def test_the_forced_token_stands_between_prefix_and_branch() -> None:
    shown = branch_content(replace(BRANCH, branch=", and", state=BranchState.DONE))
    assert shown.plain == BRANCH.prefix + " daughters, and"


def test_a_forced_newline_is_seen() -> None:
    assert "three⏎" in branch_content(replace(BRANCH, forced="\n")).plain


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (replace(BRANCH, detail="40 %"), "Loading nf4 again … 40 %"),
        (replace(BRANCH, state=BranchState.RUNNING), "Writing on …"),
        (replace(BRANCH, state=BranchState.FAILED, detail="out of\nmemory"), "out of⏎memory"),
        (replace(BRANCH, state=BranchState.DONE, agreed_tokens=34), "follows bf16 for 34 more tokens."),
        (replace(BRANCH, state=BranchState.DONE, agreed_tokens=1), "follows bf16 for 1 more token."),
        (replace(BRANCH, state=BranchState.DONE, agreed_tokens=0), "parts from bf16 again at once"),
        (replace(BRANCH, state=BranchState.STOPPED), "Stopped."),
    ],
)
def test_the_state_is_said_in_words(view: BranchView, words: str) -> None:
    assert words in branch_status(view).plain


async def test_escape_stops_what_runs_and_closes_what_ended() -> None:
    app = BranchApp(replace(BRANCH, state=BranchState.RUNNING))
    async with app.run_test() as pilot:
        await pilot.press("escape")
        assert app.stops == 1
        app.screen.show(replace(BRANCH, state=BranchState.STOPPED))
        await pilot.press("escape")
        assert not app.screen.query(BranchPane)
        assert app.stops == 1


async def test_what_comes_in_before_the_screen_is_there_is_shown_once_it_is() -> None:
    app = BranchApp(BRANCH)
    async with app.run_test() as pilot:
        screen = BranchScreen(BRANCH)
        screen.show(replace(BRANCH, branch=", and the youngest", state=BranchState.DONE))
        await app.push_screen(screen)
        await pilot.pause()
        shown = "".join(segment.text for line in screen._compositor.render_strips() for segment in line)
        assert "daughters, and" in shown
