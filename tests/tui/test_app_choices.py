"""What is chosen by keys: models, variants, the reference, settings, and what is said where it cannot be."""

from __future__ import annotations

from scripted_app import (
    DEMO,
    GIB,
    LLAMA,
    finish,
    keys,
    make_app,
    pick,
    running,
    said_of_settings,
    screen_text,
    status,
    until,
)

from quanttui.engine.scripted import default_script
from quanttui.errors import LoadError
from quanttui.records import HostReading, MemoryReading, Precision, Variant
from quanttui.tui.services import InitialChoices
from quanttui.tui.widgets.fields import Switch
from quanttui.tui.widgets.prompt_editor import PromptEditor


def spellings(app) -> list[str]:
    return [variant.spelling for variant in app.main.selection.candidates]


async def test_int8_and_nf4_are_ticked_at_first_and_bf16_is_the_reference():
    app = make_app()
    async with running(app):
        assert spellings(app) == ["int8", "nf4"]
        assert app.main.selection.reference.spelling == "bf16"
        assert "● bf16" in screen_text(app)


async def test_space_ticks_and_unticks_the_highlighted_variant():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("space")
        assert spellings(app) == ["nf4"]
        await pilot.press("space", "G", "enter")
        assert spellings(app) == ["int8", "nf4", "fp4"]


async def test_r_makes_the_highlighted_variant_the_reference_of_the_next_run():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("g", "r")
        assert app.main.selection.reference == Variant(Precision.FP32)
        await pilot.press("f5")
        await finish(pilot)
        assert app.main.run_view.reference.variant == Variant(Precision.FP32)


async def test_a_candidate_that_becomes_the_reference_is_no_candidate_any_more():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("r")
        assert app.main.selection.reference.spelling == "int8"
        assert spellings(app) == ["nf4"]


async def test_the_reference_cannot_be_ticked():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("k", "k", "space")
        assert "bf16 is the reference" in status(app)
        assert spellings(app) == ["int8", "nf4"]


async def test_an_fp32_checkpoint_is_compared_in_bf16_on_a_cpu_and_fp16_on_a_gpu():
    from dataclasses import replace

    fp32 = replace(DEMO, dtype=Precision.FP32)
    for device, expected in (("cpu", "bf16"), ("cuda:0", "fp16")):
        app = make_app(default_script(device=device), models=(fp32,))
        async with running(app):
            assert app.main.selection.reference.spelling == expected


async def test_a_variant_that_cannot_run_here_says_why_before_any_load():
    app = make_app(default_script(unsupported={"fp16": "this CPU has no fp16 arithmetic"}))
    async with running(app) as pilot:
        await pilot.press("k", "space")
        assert "this CPU has no fp16 arithmetic" in status(app)
        await pilot.press("r")
        assert app.main.selection.reference.spelling == "bf16"
        assert "not here" in screen_text(app)


async def test_a_variant_with_options_is_typed_and_ticked():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("a", *keys("nf4+dq"), "enter")
        await until(pilot, lambda: "nf4+dq" in spellings(app))
        await pilot.pause()
        assert app.screen is app.main
        assert "☑ nf4+dq" in screen_text(app)


async def test_a_wrong_variant_is_answered_in_place_with_the_nearest_right_one():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("a", *keys("nf5"), "enter")
        await until(pilot, lambda: "Did you mean nf4?" in screen_text(app))
        await pilot.press("escape")
        assert app.screen is app.main
        assert spellings(app) == ["int8", "nf4"]


async def test_a_folder_is_opened_and_chosen():
    app = make_app(models=(DEMO,))
    async with running(app) as pilot:
        await pilot.press("o", *keys("/models/llama"), "enter")
        await until(pilot, lambda: app.main.selection.model == LLAMA)
        assert app.main.entries == (DEMO, LLAMA)


async def test_a_folder_that_is_no_model_is_answered_in_place():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("o", *keys("/nowhere"), "enter")
        await until(pilot, lambda: "/nowhere is no model" in screen_text(app))
        assert "config.json" in screen_text(app)


async def test_enter_chooses_a_model_and_a_broken_one_says_why_not():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("1", "j", "enter")
        await pilot.pause()
        assert app.main.selection.model == LLAMA
        await pilot.press("j", "enter")
        await pilot.pause()
        assert app.main.selection.model == LLAMA
        assert "its config.json cannot be read" in status(app)


async def test_models_that_cannot_be_listed_are_told_and_the_app_goes_on():
    def fail():
        raise LoadError("the cache folder cannot be read", "Check HF_HOME.")

    app = make_app()
    object.__setattr__(app.services, "list_models", fail)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "the cache folder cannot" in screen_text(app).replace("\n", " "))
        await pilot.press("f5")
        assert "no model is chosen" in status(app)


async def test_a_wrong_setting_is_told_in_place_and_holds_the_run():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("comma")
        await pilot.pause()
        await pilot.press("minus", "f5")
        await pilot.pause()
        assert app.main.run_view is None
        assert said_of_settings(app) == "✗ max_new_tokens: a whole number from 1 to 100000"
        assert app.focused.name == "max_new_tokens"
        await pilot.press("backspace", "7", "f5")
        await finish(pilot)
        assert app.main.run_view.request.generation.max_new_tokens == 7


async def test_sampling_settings_count_only_while_sampling_is_on():
    app = make_app()
    async with running(app) as pilot:
        field = app.main.query_one("#field-temperature")
        assert field.disabled
        app.main.query_one("#field-do_sample", Switch).focus()
        await pilot.press("space")
        assert not field.disabled
        await pilot.press("tab")
        await pilot.pause()
        await pilot.press("0", "full_stop", "7", "f5")
        await finish(pilot)
        assert app.main.run_view.request.generation.do_sample
        assert app.main.run_view.request.generation.temperature == 0.7


async def test_letters_typed_into_the_prompt_do_not_act():
    app = make_app(choices=InitialChoices(prompt=""))
    async with running(app) as pilot:
        await pilot.press("3")
        await pilot.pause()
        await pilot.press(*keys("q r n 1 t"))
        assert app.main.query_one(PromptEditor).text == "q r n 1 t"
        assert app.main.selection.reference.spelling == "bf16"
        await pilot.press("escape", "g", "r")
        assert app.main.selection.reference.spelling == "fp32"


async def test_an_empty_prompt_and_no_candidate_are_told():
    app = make_app(choices=InitialChoices(prompt=" "))
    async with running(app) as pilot:
        await pilot.press("f5")
        assert "the prompt is empty" in status(app)
        await pilot.press("space", "j", "space", "f5")
        assert "no candidate is ticked" in status(app)
        assert app.main.run_view is None


async def test_t_goes_through_the_themes():
    app = make_app()
    async with running(app) as pilot:
        seen = []
        for _ in range(4):
            await pilot.press("t")
            seen.append(app.theme)
        assert seen == ["quanttui-light", "ansi-dark", "ansi-light", "quanttui-dark"]


async def test_every_key_has_an_id_and_words_and_stands_in_the_help():
    app = make_app()
    async with running(app) as pilot:
        for binding in (*app.main.BINDINGS, *app.BINDINGS):
            assert binding.id
            assert binding.tooltip
        await pilot.press("question_mark")
        await pilot.pause()
        shown = screen_text(app)
        assert "Run the comparison" in shown
        await pilot.press("escape")
        assert app.screen is app.main


async def test_a_rebound_key_acts_and_shows_in_the_footer():
    app = make_app()
    app.set_keymap({"run": "f9"})
    async with running(app) as pilot:
        assert "f9 run" in screen_text(app).lower()
        await pilot.press("f9")
        await finish(pilot)
        assert status(app).startswith("done")


async def test_every_action_is_in_the_palette_and_works_from_there():
    app = make_app()
    async with running(app) as pilot:
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert len(titles) == len(set(titles)) > 20
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*keys("run the comparison"))
        await pick(pilot, "Run the comparison")
        await finish(pilot)
        assert status(app).startswith("done")


async def test_examples_take_turns_with_what_the_user_wrote():
    app = make_app(choices=InitialChoices(prompt="My own words", examples=("One day", "Long ago")))
    async with running(app) as pilot:
        seen = []
        for _ in range(4):
            await pilot.press("full_stop")
            seen.append(app.main.query_one(PromptEditor).text)
        assert seen == ["One day", "Long ago", "My own words", "One day"]


async def test_used_and_total_memory_share_a_unit_on_a_host_of_terabytes():
    reading = MemoryReading(0.0, (), HostReading(1536 * GIB, 768 * GIB, 768 * GIB, GIB, 1.0), "no driver")
    app = make_app(reading=reading)
    async with running(app):
        assert screen_text(app).count("768.0/1536.0 GiB") == 2
