"""The Model pane: hundreds of models found, filtered and ordered by keys, and what is told of each."""

from __future__ import annotations

import threading
from dataclasses import replace

from scripted_app import BROKEN, DEMO, LLAMA, keys, make_app, running, screen_lines, screen_text, until
from textual.pilot import Pilot

from quanttui.models.choosing import ModelOrder
from quanttui.records import ModelEntry, ModelSource, Precision
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.messages import ModelsFound, ModelsListed
from quanttui.tui.state.model_listing import ModelListing, merged
from quanttui.tui.widgets.model_list import ModelList
from quanttui.tui.widgets.model_rows import ModelRow, facts, heading, name_content
from quanttui.tui.workers.catalogue import list_models

MANY = tuple(
    ModelEntry(
        f"org-{number % 7}/model-{number:03}-Instruct",
        f"/cache/{number}",
        ModelSource.CACHE,
        revision="a" * 40,
        size_bytes=(number % 17 + 1) * 10**9,
        parameter_count=10**9,
        dtype=Precision.BF16,
        architecture="LlamaForCausalLM",
        context_length=8192,
        last_used_seconds=1.7e9 + number * 86_400,
    )
    for number in range(120)
)
STORED = replace(LLAMA, id="a/stored", path="/stored", prequantized="nf4+dq", last_used_seconds=1_763_726_400.0)


def pane(app: QuantTuiApp) -> ModelList:
    return app.main.query_one(ModelList)


async def type_into_filter(pilot: Pilot[None], text: str) -> None:
    await pilot.press("slash")
    await pilot.pause()
    await pilot.press(*keys(text))
    await pilot.pause()


async def test_letters_typed_after_the_slash_filter_and_enter_chooses_the_best_match() -> None:
    app = make_app(models=(DEMO, *MANY))
    async with running(app) as pilot:
        await type_into_filter(pilot, "m 117")
        assert pane(app).border_subtitle == "1 of 121"
        assert "117-Instruct" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.main.selection.model == MANY[117])
        await pilot.pause()
        assert pane(app).highlighted == MANY[117], "all are listed again, around the chosen one"
        assert len(pane(app).listing.matches) == 121
        assert app.focused.id == "models"
        assert not app.main.query_one("#model-filter").display


async def test_the_arrows_move_in_the_list_while_the_filter_is_typed_and_escape_ends_it() -> None:
    app = make_app(models=(DEMO, *MANY))
    async with running(app) as pilot:
        await type_into_filter(pilot, "17")
        first = pane(app).highlighted
        await pilot.press("down", "down")
        await pilot.pause()
        third = pane(app).highlighted
        assert third not in (first, None)
        await pilot.press("escape")
        await pilot.pause()
        await pilot.pause()
        assert (pane(app).highlighted, app.focused.id) == (third, "models")
        assert app.main.selection.model == DEMO, "nothing was chosen"


async def test_letters_that_no_name_has_are_told() -> None:
    app = make_app(models=(DEMO, *MANY))
    async with running(app) as pilot:
        await type_into_filter(pilot, "zzz")
        assert "no name has these letters" in " ".join(screen_text(app).split())
        await pilot.press("enter")
        await pilot.pause()
        assert app.main.selection.model == DEMO


async def test_s_orders_by_size_then_by_last_use_and_keeps_the_highlight() -> None:
    app = make_app(models=(DEMO, *MANY))
    async with running(app) as pilot:
        await pilot.press("1", "j")
        await pilot.pause()
        at = pane(app).highlighted
        sizes = [match.entry.size_bytes for match in pane(app).listing.matches[1:]]
        assert sizes != sorted(sizes, reverse=True)
        await pilot.press("s")
        sizes = [match.entry.size_bytes for match in pane(app).listing.matches[1:]]
        assert sizes == sorted(sizes, reverse=True)
        assert pane(app).highlighted == at
        assert pane(app).border_subtitle == "121 · largest first"
        await pilot.press("s")
        assert pane(app).listing.matches[1].entry == MANY[-1]
        await pilot.press("s")
        assert pane(app).listing.order is ModelOrder.NAME


async def test_filling_the_screen_it_shows_every_column() -> None:
    app = make_app(models=(DEMO, STORED, *MANY))
    async with running(app, (200, 50)) as pilot:
        await pilot.press("1", "z")
        await pilot.pause()
        await until(pilot, lambda: "architecture" in screen_lines(app)[2])
        titles = screen_lines(app)[2]
        for word in ("size", "params", "held as", "last used", "context", "revision", "architecture"):
            assert word in titles
        assert any("a/stored" in row and "nf4+dq" in row and "131,072" in row for row in screen_lines(app))


def test_a_long_name_keeps_both_ends_and_the_letters_that_were_searched_for() -> None:
    name = LLAMA.id
    assert name_content(name, (), 20).plain == "meta-lla…8B-Instruct"
    searched = name_content(name, tuple(range(11, 16)), 20)
    assert "Llama" in searched.plain
    assert searched.cell_length == 20
    marked = [str(span.style) for span in searched.spans if "underline" in str(span.style)]
    assert len(marked) == 5, "not by colour alone"
    assert name_content("模型模型模型模型", (), 9).cell_length == 9


def test_rows_and_titles_have_their_columns_in_the_same_cells() -> None:
    for width in (30, 46, 60, 75, 90, 100, 130):
        rows = [ModelRow(entry).content(width) for entry in (DEMO, STORED, BROKEN, *MANY[:2])]
        assert {row.cell_length for row in (*rows, heading(width))} == {width}
    title, row = heading(130).plain, ModelRow(STORED).content(130).plain
    assert title.index("held as") + len("held as") == row.index("nf4+dq") + len("nf4+dq")


def test_facts_tell_what_it_is_and_first_why_it_cannot_be_run() -> None:
    told = facts(STORED, with_name=True).plain
    for words in ("a/stored", "8.0B parameters", "saved as nf4+dq", "bf16", "context 131,072", "used 2025-11-2"):
        assert words in told
    assert facts(BROKEN).plain.startswith("✗ its config.json cannot be read")
    assert facts(replace(DEMO, architecture="\x1b[2JEvil")).plain.count("\x1b") == 0


def test_models_are_told_as_they_are_found_each_once() -> None:
    told: list[object] = []
    seconds = iter(range(100))
    list_models(lambda: iter(MANY[:4]), lambda text: DEMO, None, told.append, lambda: next(seconds))
    assert [len(message.entries) for message in told] == [1, 2, 3, 4, 4]
    assert all(isinstance(message, ModelsFound) for message in told[:-1])
    assert isinstance(told[-1], ModelsListed)
    assert told[0].chosen == MANY[0]
    whole = replace(MANY[0], problem=None, size_bytes=5)
    assert merged(MANY[:2], [whole, MANY[2]]) == (whole, MANY[1], MANY[2])


def test_a_filter_over_what_is_still_being_found_says_so() -> None:
    listing = ModelListing(MANY[:20], query="19")
    assert listing.words == "1 of 20 …"
    assert replace(listing, is_whole=True).words == "1 of 20"


async def test_the_cockpit_works_while_a_slow_cache_is_read() -> None:
    rest = threading.Event()

    def slowly():
        yield DEMO
        rest.wait(20)
        yield LLAMA

    app = make_app()
    object.__setattr__(app.services, "list_models", slowly)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.is_open and app.main.selection.model == DEMO)
        assert not app.main.is_listed
        rest.set()
        await until(pilot, lambda: LLAMA in app.main.entries and app.main.is_listed)
