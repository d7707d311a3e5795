"""The form of a sweep: what it begins with, what its keys tick, what it makes of what is typed, what it asks for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from scripted_app import DEMO, HOST_ONLY, keys, make_app, running, screen_text, status, until
from textual import events

from quanttui.records import Precision, Variant
from quanttui.session import SweepChoices
from quanttui.tui.screens.sweep_setup import SweepSetupScreen
from quanttui.tui.services import InitialChoices
from quanttui.tui.state.fit_view import FitBoard
from quanttui.tui.state.selection import Selection
from quanttui.tui.state.sweep_draft import OwnFiles, SweepDraft, window_count
from quanttui.tui.state.sweep_form import LABELS, read_form
from quanttui.tui.widgets.sweep_form import SweepFields

EMPTY = dict.fromkeys(LABELS, "")
INT8, NF4 = Variant(Precision.INT8), Variant(Precision.NF4)
DRAFT = SweepDraft(Selection(DEMO, ticked=frozenset({INT8, NF4})))


def test_what_nothing_is_typed_for_is_not_limited() -> None:
    typed = read_form(EMPTY).typed
    assert typed is not None
    assert typed.budget.seconds is typed.budget.text_tokens is None
    assert typed.limits.memory_bytes is typed.limits.most_kl_nats is None


def test_amounts_are_read_as_the_command_line_reads_them() -> None:
    values = {"budget": "1h30m", "text_tokens": "4096", "memory": "11.5GiB", "least_same_top": "98%", "most_kl": "0.02"}
    typed = read_form({**EMPTY, **values}).typed
    assert typed is not None
    assert (typed.budget.seconds, typed.budget.text_tokens) == (5400, 4096)
    assert typed.limits.memory_bytes == int(11.5 * 2**30)
    assert (typed.limits.least_same_top, typed.limits.most_kl_nats) == (0.98, 0.02)


@pytest.mark.parametrize("share", ["0.98", "98", "98%", " 98 % "])
def test_a_share_may_be_written_in_percent(share: str) -> None:
    typed = read_form({**EMPTY, "least_same_top": share}).typed
    assert typed is not None
    assert typed.limits.least_same_top == pytest.approx(0.98)


@pytest.mark.parametrize(
    ("name", "text"),
    [("budget", "soon"), ("text_tokens", "1.5"), ("memory", "much"), ("least_same_top", "101%"), ("most_kl", "-1")],
)
def test_a_mistake_is_told_of_its_field(name: str, text: str) -> None:
    result = read_form({**EMPTY, name: text})
    assert result.typed is None
    assert list(result.problems) == [name]


def test_the_reference_and_what_cannot_run_here_are_never_ticked() -> None:
    reference = DRAFT.selection.reference
    assert DRAFT.with_tick(reference) == DRAFT
    assert DRAFT.with_tick(NF4).selection.candidates == (INT8,)


def test_nothing_is_ticked_as_fitting_before_it_is_foretold() -> None:
    assert DRAFT.with_fitting(FitBoard()) == DRAFT


def test_all_that_is_read_goes_with_one_key_and_comes_back_with_it() -> None:
    none = DRAFT.with_all_read()
    assert none.categories == ()
    assert not none.built_in_text
    assert none.with_all_read() == DRAFT


def test_what_there_is_to_read_is_counted() -> None:
    size = DRAFT.with_turn(0).size(OwnFiles(prompts=5), 512, None)
    assert (size.models, size.prompts) == (3, 75)
    assert size.cells == 3 * (75 + size.windows)


def test_windows_are_no_longer_than_the_model_and_stop_at_the_tokens_asked_for() -> None:
    assert window_count(40_960, 512, None) == 20
    assert window_count(40_960, 128, None) == 80
    assert window_count(40_960, None, 1024) == 4
    assert window_count(0, None, None) == 0


async def test_s_opens_the_form_with_what_is_ticked() -> None:
    app = make_app()
    async with running(app, (80, 24)) as pilot:
        await pilot.press("s")
        await until(pilot, lambda: "✓ fits" in screen_text(app) and "memory ≤ any" in screen_text(app))
        text = screen_text(app)
        assert "☑ int8" in text
        assert "☑ nf4 " in text
        assert "☐ nf4+dq" in text
        assert "3 models read 80 prompts and about 18 windows of text" in text


async def test_a_ticks_every_variant_that_fits() -> None:
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("s")
        await until(pilot, lambda: screen_text(app).count("✓ fits") >= 7)
        await pilot.press("a")
        assert isinstance(app.screen, SweepSetupScreen)
        names = [variant.spelling for variant in app.screen.draft.selection.candidates]
        assert names == ["fp32", "fp16", "int8", "nf4", "nf4+dq", "fp4"]
        assert app.main.selection.candidates == (INT8, NF4), "the cockpit's own ticks stay"


async def test_a_wrong_field_is_told_at_once_and_nothing_starts() -> None:
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("s", "tab", "tab", "tab", "tab", *keys("soon"))
        assert "time: no duration: 90s, 20m, 1h30m" in screen_text(app)
        await pilot.press("f5")
        assert isinstance(app.screen, SweepSetupScreen)
        assert app.main.sweep is None


async def test_nothing_to_read_is_refused_in_words() -> None:
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("s", "tab", "a", "f5")
        await until(pilot, lambda: "there is nothing to read" in screen_text(app))
        assert app.main.sweep is None


async def test_the_users_own_prompts_are_counted_as_they_are_named_and_a_missing_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a short path: a long one breaks the words that are waited for over two lines
    own = Path("p.txt")
    own.write_text("one\ntwo\nthree\n", "utf-8")
    app = make_app(choices=InitialChoices(sweep=SweepChoices(own_prompts=str(own))))
    async with running(app) as pilot:
        await pilot.press("s")
        await until(pilot, lambda: "83 prompts" in screen_text(app))
        await pilot.press("tab", "tab", "end", "x")
        await until(pilot, lambda: "cannot be read" in screen_text(app))


async def test_the_form_comes_back_as_it_was_left() -> None:
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("s", "tab", "space", "escape")
        assert app.main.sweep_choices.left_out == ("story",)
        await pilot.press("s")
        assert "☐ story" in screen_text(app)


async def test_without_a_model_s_says_what_is_missing() -> None:
    app = make_app(models=())
    async with running(app) as pilot:
        await pilot.press("s")
        assert "no model is chosen" in status(app)


async def test_a_hostile_file_name_is_shown_and_does_nothing() -> None:
    app = make_app(choices=InitialChoices(sweep=SweepChoices(own_text="/no/\x1b[31m[bold]x[/]")))
    async with running(app) as pilot:
        await pilot.press("s")
        await until(pilot, lambda: "cannot be read" in screen_text(app))
        assert "\x1b" not in screen_text(app)
        assert "[bold]x[/]" in screen_text(app)


async def test_what_is_free_is_the_limit_where_the_reference_does_not_fit_into_it() -> None:
    host = HOST_ONLY.host
    small = replace(HOST_ONLY, host=replace(host, available_bytes=10 * 2**20, engine_bytes=2**20))
    app = make_app(reading=small)
    async with running(app) as pilot:
        await until(pilot, lambda: app.main.board.fits)
        await pilot.press("s")
        await until(pilot, lambda: "memory ≤ 11MiB" in screen_text(app))


async def test_what_is_typed_at_once_behind_a_tab_goes_into_the_next_field() -> None:
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, SweepSetupScreen))
        await pilot.press("tab", "tab")
        for key in ("a", "tab", "b", "tab", "3", "m"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: app.screen.query_one(SweepFields).typed["budget"] == "3m")
        typed = app.screen.query_one(SweepFields).typed
        assert (typed["own_prompts"], typed["own_text"]) == ("a", "b")


async def test_help_explains_the_form_and_leads_back_to_it() -> None:
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, SweepSetupScreen))
        await pilot.press("question_mark")
        await until(pilot, lambda: "Help · Sweep form" in screen_text(app))
        assert "limits nothing" in screen_text(app)
        assert "Go to the next list or field" in screen_text(app)
        await pilot.press("escape")
        assert isinstance(app.screen, SweepSetupScreen)
