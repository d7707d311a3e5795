"""What a model, a name or a user writes is shown as data: no escape sequence and no markup of it ever acts."""

from __future__ import annotations

from dataclasses import replace

from scripted_app import DEMO, finish, keys, make_app, pane_text, running, screen_text, status, until

from quanttui.engine.scripted import Fault, default_script, hostile_script
from quanttui.errors import LoadError, UsageError
from quanttui.records import GpuReading, Precision, Variant
from quanttui.tui.services import InitialChoices
from quanttui.tui.widgets.prompt_editor import PromptEditor, SafeTextArea

ATTACK = "\x1b]52;c;aGFja2Vk\x07\x9b2J[/x][@click=app.quit]go[/]\u202e\u200b"
NF4 = (Variant(Precision.NF4),)


def assert_harmless(app) -> None:
    shown = screen_text(app)
    assert not [c for c in shown if (ord(c) < 0x20 and c != "\n") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u200b"]
    assert app._exit is False


async def test_model_output_never_acts():
    app = make_app(hostile_script(), choices=InitialChoices(candidates=NF4))
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        assert status(app).startswith("done")
        assert "␛[31m" in pane_text(app, "reference")
        assert "[@click=app.quit]go[/]" in pane_text(app, "reference").replace("\n", "")
        assert_harmless(app)


async def test_a_prompt_never_acts_and_reaches_the_engine_as_it_is():
    app = make_app(choices=InitialChoices(prompt=f"tale {ATTACK}", candidates=NF4))
    async with running(app) as pilot:
        assert "␛]52;c" in screen_text(app)
        await pilot.press("f5")
        await finish(pilot)
        assert app.main.run_view.request.prompts == (f"tale {ATTACK}",)
        assert_harmless(app)


async def test_a_pasted_prompt_never_acts():
    app = make_app(choices=InitialChoices(prompt=""))
    async with running(app) as pilot:
        area = app.main.query_one(SafeTextArea)
        area.focus()
        area.insert(ATTACK)
        await pilot.pause()
        assert app.main.query_one(PromptEditor).text == ATTACK
        assert_harmless(app)


async def test_names_of_models_never_act():
    entry = replace(DEMO, id=f"demo{ATTACK}", path=f"/models/{ATTACK}")
    app = make_app(models=(entry, replace(entry, id="other", problem=f"no config {ATTACK}")))
    async with running(app, (200, 50)) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("1", "j")
        await pilot.pause()
        assert "demo␛]52" in screen_text(app)
        assert_harmless(app)


async def test_errors_never_act():
    fault = Fault("load", "bf16", 0, LoadError(f"shard {ATTACK} is missing", f"Get {ATTACK} again."))
    app = make_app(default_script(faults=(fault,)))
    async with running(app, (200, 50)) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        assert "shard ␛]52" in screen_text(app)
        assert_harmless(app)


async def test_answers_to_questions_never_act():
    def refuse(typed: str):
        raise UsageError(f"{typed} {ATTACK} is no model", ATTACK)

    app = make_app()
    object.__setattr__(app.services, "find_model", refuse)
    async with running(app) as pilot:
        await pilot.press("o", *keys("x"), "enter")
        await until(pilot, lambda: "is no model" in screen_text(app).replace("\n", ""))
        assert_harmless(app)


async def test_names_of_devices_never_act_and_missing_fields_are_not_zero():
    from scripted_app import HOST_ONLY

    gpu = GpuReading(0, "GPU-1", f"H{ATTACK}", None, None, None, None, None)
    app = make_app(default_script(device_name=f"cpu{ATTACK}"), reading=replace(HOST_ONLY, gpus=(gpu,)))
    async with running(app):
        shown = screen_text(app)
        assert "n/a/n/a" in shown
        assert "n/a % · n/a W · n/a °C" in shown
        assert_harmless(app)
