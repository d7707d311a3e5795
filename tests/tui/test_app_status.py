"""What the status line and the settings say as things change: nothing stale, nothing silently out of reach."""

from __future__ import annotations

import pytest
from scripted_app import (
    DEMO,
    LLAMA,
    finish,
    keys,
    make_app,
    reach,
    running,
    said_of_settings,
    screen_text,
    status,
    until,
)

from quanttui.engine.scripted import Gate, script_of
from quanttui.records import Precision, Variant
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.services import InitialChoices
from quanttui.tui.state.status import CHANGED, Tone
from quanttui.tui.widgets.fields import SafeInput, Switch
from quanttui.tui.widgets.footer_lines import FooterLines

NF4_ONLY = InitialChoices(candidates=(Variant(Precision.NF4),))


def tone(app: QuantTuiApp) -> Tone:
    return app.main.query_one(FooterLines).status.tone


async def test_a_click_into_a_field_selects_its_old_value_and_the_next_click_sets_the_cursor():
    app = make_app()
    async with running(app) as pilot:
        field = app.main.query_one("#field-max_new_tokens", SafeInput)
        await pilot.click(field, offset=(1, 0))
        assert field.selected_text == "100"
        await pilot.press("4", "2")
        assert field.value == "42"
        await pilot.click(field, offset=(0, 0))
        await pilot.press("1")
        assert field.value == "142"


async def test_more_new_tokens_than_the_context_holds_are_refused_in_place():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("comma")
        await pilot.pause()
        await pilot.press(*"513", "f5")
        await pilot.pause()
        assert app.main.run_view is None
        assert said_of_settings(app).startswith("✗ max_new_tokens: at most 512: the model's context")
        await pilot.press("backspace", "2")
        assert "the model's context" not in screen_text(app)


async def test_the_limit_of_new_tokens_follows_the_chosen_model():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("comma")
        await pilot.pause()
        await pilot.press(*"5000")
        assert "at most 512" in screen_text(app)
        app.main.choose_model(LLAMA)
        await pilot.pause()
        assert "at most" not in screen_text(app)


@pytest.mark.parametrize("action", ["left", "5", "tab", "z", "escape"])
async def test_a_warning_goes_with_the_next_key_that_does_something(action: str):
    app = make_app(script_of({"bf16": " one two", "int8": " one two", "nf4": " one two"}))
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("n")
        assert status(app) == "no difference to jump to"
        await pilot.press(action)
        await pilot.pause()
        assert status(app).startswith("done")


async def test_a_warning_goes_when_the_prompt_is_typed():
    app = make_app(choices=InitialChoices(prompt=""))
    async with running(app) as pilot:
        await pilot.press("3", "f5")
        await pilot.pause()
        assert "the prompt is empty" in status(app)
        await pilot.press("h")
        await pilot.pause()
        assert "the prompt is empty" not in status(app)


async def test_an_action_that_finds_nothing_to_do_says_so_each_time():
    app = make_app()
    async with running(app) as pilot:
        for _ in range(2):
            await pilot.press("n")
            assert status(app) == "no difference to jump to"


async def test_a_tick_after_a_run_says_that_the_choices_changed_until_they_are_what_ran():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        done = status(app)
        assert CHANGED not in done
        await pilot.press("2", "space")
        await pilot.pause()
        assert CHANGED in status(app)
        assert tone(app) is Tone.GOOD
        await pilot.press("space")
        assert status(app) == done


async def test_another_reference_model_prompt_or_setting_after_a_run_counts_as_a_change():
    app = make_app(choices=NF4_ONLY)
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        app.main.choose_model(LLAMA)
        assert CHANGED in status(app)
        app.main.choose_model(DEMO)
        assert CHANGED not in status(app)
        await pilot.press("3")
        await pilot.pause()
        await pilot.press("x")
        await pilot.pause()
        assert CHANGED in status(app)
        await pilot.press("backspace")
        await pilot.pause()
        assert CHANGED not in status(app)
        await pilot.press("escape", "2", "g", "r")
        await pilot.pause()
        assert CHANGED in status(app)
        await pilot.press("j", "r")
        assert CHANGED not in status(app)
        await pilot.press("comma")
        await pilot.pause()
        await pilot.press("9")
        await pilot.pause()
        assert CHANGED in status(app)


async def test_the_default_reference_chosen_by_hand_is_no_change():
    app = make_app(choices=NF4_ONLY)
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("2", "g", "j", "r")
        await pilot.pause()
        assert app.main.selection.chosen_reference == Variant(Precision.BF16)
        assert CHANGED not in status(app)


async def test_a_new_run_ends_the_talk_of_changed_choices():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("2", "space", "f5")
        await finish(pilot)
        assert status(app).startswith("done")
        assert CHANGED not in status(app)


async def test_a_candidate_that_was_the_reference_for_a_while_is_ticked_again():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("j", "r")
        assert [v.spelling for v in app.main.selection.candidates] == ["int8"]
        await pilot.press("k", "r")
        assert app.main.selection.reference.spelling == "int8"
        assert [v.spelling for v in app.main.selection.candidates] == ["nf4"]
        assert "☑ nf4" in screen_text(app)


async def test_a_question_about_leaving_is_answered_when_the_run_ends_first():
    gate = Gate("generate", "nf4", 5)
    app = make_app(gate=gate, choices=NF4_ONLY)
    async with running(app) as pilot:
        await pilot.press("f5")
        await reach(pilot, gate)
        await pilot.press("ctrl+q")
        assert "again leaves" in status(app)
        gate.release()
        await finish(pilot)
        assert status(app) == "the run is over · q leaves"
        await pilot.press("tab")
        assert status(app).startswith("done")


async def test_another_key_takes_the_question_about_leaving_back():
    gate = Gate("generate", "nf4", 5)
    app = make_app(gate=gate)
    async with running(app) as pilot:
        await pilot.press("f5")
        await reach(pilot, gate)
        await pilot.press("q", "right", "q")
        assert "again leaves" in status(app)
        assert app._exit is False
        gate.release()
        await finish(pilot)


async def test_t_names_the_theme():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("t")
        assert status(app) == "theme: quanttui-light"
        assert tone(app) is Tone.QUIET


async def test_a_model_without_a_chat_template_shows_none_once_it_was_loaded():
    app = make_app(choices=NF4_ONLY)
    async with running(app) as pilot:
        assert "☑ chat template" in screen_text(app)
        await pilot.press("f5")
        await finish(pilot)
        await until(pilot, lambda: "☐ chat template: none" in screen_text(app))
        switch = app.main.query_one("#field-chat_template", Switch)
        switch.focus()
        await pilot.press("space")
        assert switch.on
        assert CHANGED not in status(app)
        app.main.choose_model(LLAMA)
        await pilot.pause()
        assert "☑ chat template" in screen_text(app)


async def test_a_load_of_another_model_than_the_chosen_one_tells_nothing_of_the_chosen_one():
    gate = Gate("load", "bf16", 3)
    app = make_app(gate=gate, choices=NF4_ONLY)
    async with running(app) as pilot:
        await pilot.press("f5")
        await reach(pilot, gate)
        app.main.choose_model(LLAMA)
        gate.release()
        await finish(pilot)
        assert app.main.selection.has_chat_template is None
        assert app.main.selection.measured_bytes == {}


async def test_a_folder_typed_after_a_run_counts_as_a_change():
    app = make_app(choices=NF4_ONLY, models=(DEMO,))
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("o", *keys("/models/llama"), "enter")
        await until(pilot, lambda: CHANGED in status(app))


async def test_a_hint_of_the_divergence_pane_goes_when_its_cursor_moves():
    app = make_app(choices=NF4_ONLY)
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("7")
        await pilot.pause()
        await pilot.press("home", "f")
        await pilot.pause()
        assert "nothing to force" in status(app)
        await pilot.press("right")
        await pilot.pause()
        assert status(app).startswith("done")
