"""Pictures of the microscope: what a person sees, at the widths it is made for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from microscope_samples import (
    BRANCH,
    BranchApp,
    MicroscopeApp,
    one_token_score,
    strange_score,
    summary,
    tale_score,
)
from textual.app import App

from quanttui.records import VerdictLevel
from quanttui.tui.state.branch_view import BranchState

PICTURES: dict[str, tuple[Callable[[], App[None]], tuple[int, int], list[str]]] = {
    "80_columns": (lambda: MicroscopeApp(tale_score(), summary(), height=23), (80, 24), []),
    "cockpit_height": (lambda: MicroscopeApp(tale_score(), summary(), height=12), (92, 14), ["n"]),
    "100_columns_worst": (lambda: MicroscopeApp(tale_score(), summary(VerdictLevel.SMALL)), (104, 26), ["w"]),
    "160_columns": (lambda: MicroscopeApp(tale_score(), summary(VerdictLevel.BROKEN)), (164, 26), ["right"]),
    "strange_tokens": (lambda: MicroscopeApp(strange_score(), summary()), (100, 26), ["right", "right"]),
    "one_token": (lambda: MicroscopeApp(one_token_score()), (80, 24), []),
    "2000_tokens": (lambda: MicroscopeApp(tale_score(2000), summary(), height=28), (100, 30), ["G"]),
    "nothing_yet": (lambda: MicroscopeApp(None), (80, 8), []),
    "branch": (
        lambda: BranchApp(replace(BRANCH, branch=", and the youngest", state=BranchState.DONE, agreed_tokens=4)),
        (100, 20),
        [],
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_picture(snap_compare: Callable[..., bool], name: str) -> None:
    make, size, keys = PICTURES[name]
    assert snap_compare(make(), terminal_size=size, press=keys)


@pytest.mark.parametrize("theme", ["ansi-light", "textual-light"])
def test_picture_in_other_themes(snap_compare: Callable[..., bool], theme: str) -> None:
    app = MicroscopeApp(tale_score(), summary(), height=18)
    app.theme = theme
    assert snap_compare(app, terminal_size=(92, 20), press=["n"])


def test_picture_without_colour(snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = MicroscopeApp(tale_score(), summary(), height=18)
    assert snap_compare(app, terminal_size=(92, 20), press=["n"])
