"""The details: what they say of every load, how it fits, and how one gets there and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.cells import cell_len
from scripted_app import finish, make_app, reach, running, screen_lines, screen_text, settle, until
from textual.content import Content
from textual.pilot import Pilot

from quanttui.engine.scripted import Gate, ScriptedEngine, default_script
from quanttui.pipeline import run_comparison
from quanttui.records import GenerationSettings, ModelEntry, ModelSource, Precision, RunRequest, Variant
from quanttui.tui.screens.details import DetailsScreen
from quanttui.tui.services import InitialChoices
from quanttui.tui.state.details import Section, engine_section, load_sections, notes_hint
from quanttui.tui.state.run_view import RunView
from quanttui.tui.widgets.figure_rows import with_hint
from quanttui.tui.widgets.sections import section_content, value_column

SET_ASIDE = "the checkpoint's own generation settings are set aside: repetition_penalty=1.1, temperature=0.6"
UNPACKED = "3 of 36 4-bit layers run by the slower unpacked path: this CPU's packed kernel wants multiples of 64"
NOTED = default_script(notes=(SET_ASIDE, UNPACKED))
NF4 = (Variant(Precision.NF4, double_quant=True),)


def finished_view() -> RunView:
    entry = ModelEntry("demo", "/models/demo", ModelSource.DEMO)
    request = RunRequest("1", entry, Variant(Precision.BF16), NF4, ("Once",), GenerationSettings(8))
    view = RunView(request)
    for event in run_comparison(ScriptedEngine(NOTED), request):
        view.apply(event)
    return view


def test_every_load_is_told_with_its_options_as_the_libraries_name_them() -> None:
    reference, candidate = load_sections(finished_view())
    assert (reference.title, reference.remark) == ("bf16", "reference")
    assert dict(reference.rows) == {
        "device": "cpu",
        "parameter bytes": "14,684,160 = 14.7 MB, as predicted",
        "peak": "21.4 MB, as predicted",
        "dtype": "bfloat16",
    }
    assert (candidate.title, candidate.remark) == ("nf4+dq", "candidate")
    rows = dict(candidate.rows)
    assert rows["bnb_4bit_use_double_quant"] == "True"
    assert rows["bnb_4bit_quant_type"] == "nf4"
    assert rows["parameter bytes"].endswith("= 7.1 MB (0.48×), as predicted")
    assert candidate.notes == (SET_ASIDE, UNPACKED)


def test_a_spread_model_names_what_lies_on_each_device() -> None:
    view = finished_view()
    report = view.candidates[0].report
    assert report is not None
    spread = {"cuda:0": "model.embed_tokens, model.layers.0–15", "cpu": "lm_head"}
    view.candidates[0].report = replace(report, device_map=spread)
    rows = load_sections(view)[1].rows
    assert ("on cuda:0", "model.embed_tokens, model.layers.0–15") in rows
    assert ("on cpu", "lm_head") in rows


def test_nothing_is_told_of_a_load_that_was_not_made() -> None:
    view = finished_view()
    view.candidates[0].report = None
    assert [section.title for section in load_sections(view)] == ["bf16"]
    assert load_sections(RunView(replace(view.request, reference=None))) == []
    assert load_sections(None) == []


def test_what_the_scoring_had_to_say_is_a_note_too() -> None:
    view = finished_view()
    score = view.candidates[0].score
    assert score is not None
    view.candidates[0].score = replace(score, notes=("batch 1",))
    assert load_sections(view)[1].notes == (SET_ASIDE, UNPACKED, "batch 1")
    assert notes_hint(view.candidates[0], "i") == "i: 3 notes"


def test_a_hint_stands_only_where_there_are_notes() -> None:
    view = finished_view().candidates[0]
    assert view.report is not None
    view.report = replace(view.report, notes=("one",))
    assert notes_hint(view, "i") == "i: 1 note"
    view.report = replace(view.report, notes=())
    assert notes_hint(view, "i") == ""


def test_a_hint_stands_at_the_end_of_the_figures_or_not_at_all() -> None:
    rows = Content("weights 7.1 MB\npeak 9 MB")
    assert with_hint(rows, "i: 1 note", 20).plain == "weights 7.1 MB\npeak 9 MB  i: 1 note"
    assert with_hint(rows, "i: 1 note", 19).plain == rows.plain
    assert with_hint(rows, "", 40).plain == rows.plain


def test_nothing_in_the_details_acts() -> None:
    view = finished_view()
    report = view.candidates[0].report
    assert report is not None
    evil = "x\x1b[2J\n\u202e"
    view.candidates[0].report = replace(report, options={evil: [evil]}, notes=(evil,), device=evil)
    section = load_sections(view)[1]
    shown = "".join([name + value for name, value in section.rows] + list(section.notes))
    assert not {"\x1b", "\n", "\u202e"} & set(shown)
    engine = replace(ScriptedEngine(NOTED).describe(), versions={"torch": evil}, device_name=evil)
    assert not {"\x1b", "\n", "\u202e"} & set("".join(value for _, value in engine_section(engine).rows))


@pytest.mark.parametrize("width", [20, 40, 74, 90])
def test_long_values_wrap_within_their_column(width: int) -> None:
    modules = "lm_head, model.embed_tokens, " + ", ".join(f"model.layers.{layer}.mlp.down_proj" for layer in range(9))
    section = Section("nf4", "", (("llm_int8_skip_modules", modules), ("dtype", "bfloat16")), (SET_ASIDE,))
    lines = section_content(section, value_column([section]), width).plain.split("\n")
    assert max(map(cell_len, lines)) <= max(width, len("  llm_int8_skip_modules"))
    assert "".join("".join(lines).split()).count(".mlp.down_proj") == 9
    if width >= 74:
        assert all(line.startswith(" " * 25) for line in lines[2 : lines.index("  dtype" + " " * 18 + "bfloat16")])


async def test_before_any_run_the_details_say_how_to_get_some() -> None:
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("i")
        await pilot.pause()
        shown = screen_text(app)
        assert "Nothing was loaded yet: press F5" in shown
        assert "bitsandbytes" in shown
        await pilot.press("i")
        assert app.screen is app.main


async def test_notes_are_hinted_at_and_a_key_away() -> None:
    app = make_app(NOTED, choices=InitialChoices(candidates=NF4))
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        assert sum(line.count("i: 2 notes") for line in screen_lines(app)) == 2
        for close in ("escape", "q", "i"):
            await pilot.press("i")
            await pilot.pause()
            assert isinstance(app.screen, DetailsScreen)
            assert "bnb_4bit_quant_type" in screen_text(app)
            await pilot.press(close)
            assert app.screen is app.main


async def test_the_details_scroll_by_the_keys_of_every_list() -> None:
    app = make_app(NOTED, choices=InitialChoices(candidates=NF4))
    app.animation_level = "none"
    async with running(app, (80, 24)) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("i")
        await pilot.pause()
        box = app.screen.query_one("#details")
        assert box.max_scroll_y > 2
        for key, place in (("j", 1), ("down", 2), ("k", 1), ("up", 0), ("G", box.max_scroll_y), ("g", 0)):
            await pilot.press(key)
            await pilot.pause()
            assert box.scroll_y == place, key


async def test_open_details_follow_the_run_and_stay_where_they_were_scrolled_to() -> None:
    gate = Gate("generate", "bf16", 2)
    app = make_app(NOTED, gate, choices=InitialChoices(candidates=NF4))
    app.animation_level = "none"
    async with running(app, (80, 24)) as pilot:
        await pilot.press("i")
        await pilot.pause()
        assert "Nothing was loaded yet" in screen_text(app)
        await pilot.press("i", "f5")
        await reach(pilot, gate)
        await pilot.press("i")
        await pilot.pause()
        box = app.screen.query_one("#details")
        await pilot.press("j")
        height = box.max_scroll_y
        gate.release()
        await until(pilot, lambda: app.main.run_view is not None and app.main.run_view.is_over)
        await until(pilot, lambda: box.max_scroll_y > height)
        assert box.scroll_y == 1


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_picture(size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    async def open_details(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("i")
        await pilot.pause()

    app = make_app(NOTED, choices=InitialChoices(candidates=NF4))
    assert snap_compare(app, run_before=open_details, terminal_size=size)
