"""What the app hands over to be remembered, when, and what it does with what was."""

from __future__ import annotations

import os
import signal
from typing import Any

from scripted_app import DEMO, LLAMA, finish, keys, make_app, running, screen_text, status, until

from quanttui.records import GenerationSettings, ModelSource, Precision, Variant
from quanttui.session import Session
from quanttui.tui.screens.remembering import name_of
from quanttui.tui.services import InitialChoices
from quanttui.tui.state.waiting import Waiting
from quanttui.tui.widgets.prompt_editor import PromptEditor


def remembering(**changes: Any) -> tuple[Any, list[Session]]:
    kept: list[Session] = []
    return make_app(remember=kept.append, **changes), kept


async def test_choices_are_kept_when_a_run_starts_and_when_the_app_ends() -> None:
    app, kept = remembering(choices=InitialChoices(prompt=""))
    async with running(app) as pilot:
        await pilot.press("1", "j", "enter", "t", "2", "space", "3")
        await pilot.pause()
        await pilot.press(*keys("Hi"), "f5")
        assert kept == [
            Session(LLAMA.id, "Hi", None, (Variant(Precision.NF4),), GenerationSettings(), "quanttui-light", 0.0)
        ]
        await finish(pilot)
        await pilot.press("3")
        await pilot.pause()
        await pilot.press(*keys(" there"), "ctrl+q")
    assert kept[-1].prompt == "Hi there"


async def test_how_long_the_engine_took_is_kept_once_it_is_known() -> None:
    app, kept = remembering(choices=InitialChoices(warm_up_seconds=7.0))
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.is_open and app.main.is_mounted)
        app.main.waiting = Waiting(0.0, 7.0)
        app.remember()
        app.main.waiting.over(4.0)
        app.remember()
        app.main.waiting.over(90.0)
        app.remember()
    assert [session.warm_up_seconds for session in kept[:3]] == [7.0, 4.0, 4.0]


async def test_a_signal_keeps_the_choices_too() -> None:
    app, kept = remembering()
    async with running(app) as pilot:
        os.kill(os.getpid(), signal.SIGHUP)
        await until(pilot, lambda: app._exit)
    assert kept[-1].prompt == "Once upon a time"


async def test_leaving_before_the_models_are_listed_keeps_the_model_of_last_time() -> None:
    app, kept = remembering(choices=InitialChoices(model_id="/models/llama"))
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.is_open and app.main.is_mounted)
        app.main.selection = type(app.main.selection)()
        app.leave(0)
    assert kept[-1].model == "/models/llama"


async def test_a_folder_of_last_time_is_found_again_though_no_catalogue_has_it() -> None:
    app = make_app(models=(DEMO,), choices=InitialChoices(model_id="/models/llama"))
    async with running(app):
        assert app.main.selection.model == LLAMA
        assert app.main.entries == (DEMO, LLAMA)


async def test_a_model_that_is_gone_is_told_and_the_demo_chosen() -> None:
    app = make_app(choices=InitialChoices(model_id="/models/gone"))
    async with running(app):
        assert app.main.selection.model == DEMO
        assert "/models/gone is no model" in status(app)


async def test_a_word_about_what_could_not_be_read_stands_in_the_footer_until_a_key() -> None:
    app = make_app(choices=InitialChoices(word="what was chosen last cannot be read"))
    async with running(app) as pilot:
        assert status(app) == "what was chosen last cannot be read"
        await pilot.press("j")
        await pilot.press("z")
        assert "ready on" in status(app)


async def test_a_first_start_says_how_to_run_and_how_to_open_ones_own_model() -> None:
    app = make_app(choices=InitialChoices(is_first=True))
    async with running(app):
        assert status(app).endswith("F5 runs · o opens a model of your own")
        assert "Once upon a time" in screen_text(app)
    async with running(make_app()) as pilot:
        assert "o opens" not in status(pilot.app)


async def test_a_wrong_setting_is_not_kept() -> None:
    app, kept = remembering()
    async with running(app) as pilot:
        await pilot.press("comma")
        await pilot.pause()
        await pilot.press("minus", "ctrl+q")
    assert kept[-1].generation == GenerationSettings()


def test_a_folder_is_remembered_by_its_whole_path() -> None:
    from dataclasses import replace

    assert name_of(replace(LLAMA, id="./llama", source=ModelSource.FOLDER)) == "/models/llama"
    assert name_of(LLAMA) == LLAMA.id


async def test_a_prompt_with_control_characters_is_offered_again_as_it_was() -> None:
    prompt = "a\x1b[31mb"
    app, kept = remembering(choices=InitialChoices(prompt=prompt))
    async with running(app) as pilot:
        assert app.main.query_one(PromptEditor).text == prompt
        await pilot.press("ctrl+q")
    assert kept[-1].prompt == prompt
