"""The tables of a sweep, its verdict and its progress: what stands in them, in which width, and what keys do there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scripted_app import screen_text, until
from sweep_samples import (
    DONE,
    FAILED,
    FITS,
    HOSTILE,
    NOTHING_YET,
    ONE_POINT,
    REFERENCE,
    ROWS,
    RUNNING,
    SweepApp,
    divergence,
    snapshot_of,
)
from textual.app import App, ComposeResult

from quanttui.records import CategoryDivergence, EvaluationText, SuitePrompt, SweepLimits, UnitsRead
from quanttui.tui.state.sweep_heat import LEVELS, cell_words, heat_table
from quanttui.tui.state.sweep_look import Measure, SweepLook, SweepOrder
from quanttui.tui.state.sweep_progress import progress_words
from quanttui.tui.state.sweep_rows import sweep_rows
from quanttui.tui.state.sweep_selected import selected_words
from quanttui.tui.state.sweep_table import table_rows
from quanttui.tui.state.sweep_verdict import VerdictWords, verdict_words
from quanttui.tui.widgets.sweep_heat import SweepHeat
from quanttui.tui.widgets.sweep_heat_text import head_line, lay_heat, row_line
from quanttui.tui.widgets.sweep_progress import SweepProgressLines
from quanttui.tui.widgets.sweep_table import SweepTable
from quanttui.tui.widgets.sweep_table_text import lay_table
from quanttui.tui.widgets.sweep_table_text import row_line as table_line
from quanttui.tui.widgets.sweep_tabs import asked_words
from quanttui.tui.widgets.sweep_verdict import SweepVerdictPane

SIZES = [(80, 24), (120, 40), (200, 50)]


def rows_of(snapshot=DONE, look=None):
    return sweep_rows(snapshot, look or SweepLook(), FITS)


def heat_of(snapshot=DONE, measure=Measure.KL):
    return heat_table(rows_of(snapshot), measure)


def heat_row(table, name):
    return next(row for row in table.rows if row.row.name == name)


def names(order, snapshot=DONE):
    return [row.name for row in rows_of(snapshot, SweepLook(order=order)).rows]


def test_rows_are_ordered_by_memory_divergence_or_speed():
    assert names(SweepOrder.MEMORY) == ["nf4+head", "nf4+dq", "nf4", "fp4", "int8", "bf16", "fp16"]
    assert names(SweepOrder.DIVERGENCE) == ["bf16", "fp16", "int8", "nf4", "nf4+dq", "fp4", "nf4+head"]
    assert names(SweepOrder.SPEED) == ["bf16", "fp16", "nf4+head", "nf4", "fp4", "nf4+dq", "int8"]
    assert names(SweepOrder.DIVERGENCE, FAILED)[-1] == "int8"


def test_without_a_choice_the_recommended_variant_is_selected():
    assert rows_of().selected.name == "int8"
    assert rows_of(NOTHING_YET).selected is not None
    assert rows_of(look=SweepLook(selected=REFERENCE)).selected.is_reference


def test_text_and_suite_are_columns_apart_from_the_categories():
    table = heat_of()
    assert [column.name for column in table.columns[:4]] == ["text", "suite", "story", "facts"]
    assert table.columns[-1].short == "long"
    nf4 = heat_row(table, "nf4")
    assert nf4.cells["text"].is_usual is None
    assert (nf4.cells["text"].shown, nf4.cells["text"].tokens) == ("0.031", 8_000)


def test_a_category_called_text_is_not_the_text():
    odd = replace(ROWS[3], by_category=(CategoryDivergence("text", divergence(0.9, 0.5, 0.01, tokens=600)),))
    cells = heat_row(heat_of(snapshot_of([ROWS[0], odd])), "nf4").cells
    assert cells["text"].shown == "0.031"
    assert cells["/text"].shown == "0.90"


def test_a_cell_within_the_error_of_its_difference_from_the_mean_says_so():
    cells = heat_row(heat_of(), "nf4").cells
    assert cells["/arithmetic"].is_usual is False
    assert cells["/arithmetic"].is_farther
    assert cells["/story"].is_usual is False
    assert not cells["/story"].is_farther
    assert cells["/instruction"].is_usual is True
    unsure = replace(ROWS[3], by_category=(CategoryDivergence("arithmetic", divergence(0.09, 0.9, None, tokens=600)),))
    assert heat_row(heat_of(snapshot_of([ROWS[0], unsure])), "nf4").cells["/arithmetic"].is_usual is True


def test_the_only_category_is_the_mean_itself():
    only = replace(ROWS[3], suite=divergence(0.04, 0.93, 0.01), by_category=())
    only = replace(only, by_category=(CategoryDivergence("story", only.suite),))
    assert heat_row(heat_of(snapshot_of([ROWS[0], only])), "nf4").cells["/story"].is_usual is True


def test_shades_grow_with_the_logarithm_and_noise_has_none():
    table = heat_of()
    shades = [heat_row(table, name).cells["text"].shade for name in ("int8", "nf4", "fp4", "nf4+head")]
    assert shades == sorted(shades)
    assert shades[0] < shades[-1]
    assert heat_row(table, "fp16").cells["text"].shade is None
    assert heat_row(table, "nf4+head").cells["/arithmetic"].shade == len(LEVELS) - 1


def test_what_is_hardly_above_the_noise_is_not_dark():
    near = replace(ROWS[3], text=divergence(1.3 * 1e-4, 0.99))
    assert heat_row(heat_of(snapshot_of([ROWS[0], near])), "nf4").cells["text"].shade < len(LEVELS) // 2


@pytest.mark.parametrize("measure", Measure)
def test_the_heat_table_has_every_measure(measure):
    table = heat_of(measure=measure)
    row = heat_row(table, "nf4")
    shown = {Measure.KL: "0.031", Measure.FLIPS: "5.7%", Measure.PERPLEXITY: "+0.023"}[measure]
    assert row.cells["text"].shown == shown
    assert shown in cell_words(table, row, table.columns[0], measure)


@pytest.mark.parametrize("width", [40, 76, 116, 196])
@pytest.mark.parametrize("cursor", [0, 5, 9])
def test_the_column_of_the_cursor_is_shown_in_any_width(width, cursor):
    table = heat_of()
    layout = lay_heat(table, width, cursor)
    assert layout.first <= cursor < layout.stop
    head = head_line(table, layout, cursor)
    lines = [row_line(row, table, layout, cursor, shades=True) for row in table.rows]
    assert all(line.cell_length <= width for line in (head, *lines))
    assert ("›" in head.plain) == (layout.stop < len(table.columns))
    assert len({line.cell_length for line in lines}) == 1


@pytest.mark.parametrize("width", [56, 76, 116, 196])
@pytest.mark.parametrize("snapshot", [DONE, RUNNING, FAILED, NOTHING_YET, HOSTILE], ids=range(5))
def test_lines_of_the_figures_table_are_as_wide_as_it_is(width, snapshot):
    rows = table_rows(rows_of(snapshot))
    layout = lay_table(rows, width)
    assert [column.name for column in layout.columns if column.rank == 0] == ["memory", "kl", "same", "speed", "fit"]
    for row in rows:
        assert table_line(row, layout, width).cell_length == width


def test_the_figures_table_says_how_each_variant_stands():
    standing = {row.name: row.standing for row in table_rows(rows_of())}
    assert standing["int8"] == "recommended"
    assert standing["fp4"] == "beaten by nf4+dq"
    assert standing["bf16"] == "reference"
    growing = {row.name: row.standing for row in table_rows(rows_of(RUNNING))}
    assert growing["nf4+dq"] == "… 33 %"
    assert growing["fp4"] == "· waiting"


def lines_of(words: VerdictWords, title: str) -> tuple[str, ...]:
    return next(paragraph.lines for paragraph in words.paragraphs if paragraph.title == title)


def test_the_verdict_has_its_evidence():
    words = verdict_words(DONE)
    assert words.headline == "★ Run int8"
    said = {paragraph.title: " ".join(paragraph.lines) for paragraph in words.paragraphs}
    assert "most faithful" in said["Why"]
    assert said["Limits"] == "memory at most 12.0 GB · same top at least 93.0 %"
    assert said["Runner-up"].startswith("nf4")
    assert "with 4.6 GB more: bf16" in said["What would change the answer"]
    assert "nf4 and nf4+dq" in said["Not told apart"]
    assert all(line.startswith("on the ") for line in lines_of(words, "Not told apart"))
    assert "0.002 nats" in said["What this sweep could show"]
    assert "points of same top" in said["What this sweep could show"]
    assert "Failed" not in said


def test_notes_say_what_is_other_on_a_cpu_and_of_a_model_that_was_saved_quantized():
    cpu = snapshot_of([replace(row, peaks_compare=False) for row in ROWS])
    saved = replace(cpu, request=replace(cpu.request, model=replace(cpu.request.model, prequantized="nf4")))
    own, peaks = lines_of(verdict_words(saved), "Notes")
    assert "own weights, dequantized to bf16: it was saved as nf4" in own
    assert "ranked by their weights" in peaks
    facts = {fact.name: fact.value for fact in selected_words(rows_of(cpu), cpu.result).facts}
    assert facts["peak"].endswith("GB, libraries too")


def test_a_speed_of_an_earlier_sweep_is_marked():
    made = snapshot_of([replace(ROWS[0], speed_measured_on="2026-11-20"), *ROWS[1:]])
    shown = {row.name: row.cells["speed"] for row in table_rows(rows_of(made))}
    assert shown["bf16"] == "41.2 ±0.8*"
    assert "*" not in "".join(shown[row.variant.spelling] for row in ROWS[1:])
    assert "earlier sweep (2026-11-20)" in " ".join(lines_of(verdict_words(made), "Notes"))


def test_a_runner_up_that_is_the_reference_is_called_what_it_is():
    verdict = replace(DONE.result.verdict, runner_up=REFERENCE)
    words = verdict_words(replace(DONE, result=replace(DONE.result, verdict=verdict)))
    assert lines_of(words, "Next") == ("bf16, the reference",)


def test_limits_that_were_not_given_leave_the_smallest_of_a_small_difference():
    words = verdict_words(snapshot_of(limits=SweepLimits()))
    assert lines_of(words, "Limits") == ("none given: the answer is the smallest variant whose difference is small",)
    assert "no limit was given" in " ".join(lines_of(words, "Why"))


def test_a_verdict_of_a_running_sweep_is_one_so_far():
    assert verdict_words(RUNNING).headline == "★ Run int8, so far"
    assert verdict_words(FAILED).headline == "★ Run nf4+dq"
    assert verdict_words(NOTHING_YET).headline.startswith("· No answer yet")


def test_where_nothing_keeps_the_limits_the_verdict_says_what_is_nearest():
    words = verdict_words(snapshot_of(limits=SweepLimits(memory_bytes=1_000_000)))
    assert words.headline == "✗ No variant keeps every limit; nf4+head comes nearest"
    assert not words.is_answer


def test_progress_tells_cells_time_and_each_variant():
    words = progress_words(RUNNING)
    assert words.figures[:3] == ("485 of 784 cells", "7 min 16 s elapsed", "about 4 min 29 s left")
    assert words.now == "◑ scoring · nf4+dq"
    assert [(step.sign, step.words) for step in words.steps][3:6] == [("✓", ""), ("◑", "33 %"), ("·", "")]
    assert progress_words(DONE).now == "✓ done"
    assert progress_words(FAILED).now == "✓ done"
    assert progress_words(snapshot_of(done=[112, 112, 50, 0, 0, 0, 0])).now.startswith("· stopped")
    assert (
        progress_words(snapshot_of(done=[9] * 7, failure="the disk is full")).now == "✗ ended early: the disk is full"
    )
    assert progress_words(snapshot_of(done=[0] * 7)).share == 0


def test_what_is_done_says_how_much_less_was_read_than_was_asked_for():
    prompts = tuple(SuitePrompt(str(number), "facts", "Why?") for number in range(80))
    asked = replace(DONE, request=replace(DONE.request, prompts=prompts, texts=(EvaluationText("a.txt", "Once. "),)))
    assert progress_words(replace(asked, read=UnitsRead(80, 1, 1))).now == "✓ done"
    short = UnitsRead(16, 1, 1, time_was_short=True)
    assert progress_words(replace(asked, read=short)).now == "✓ done · read: 16 of 80 prompts, 1 window"
    assert asked_words(asked.request, short).startswith(
        "16 of 80 prompts in 1 category, 1 window of 6 B of text (the time allowed no more)"
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("snapshot", [DONE, ONE_POINT, FAILED, NOTHING_YET], ids=["done", "one", "failed", "nothing"])
async def test_tables_paint_at_every_size(size, snapshot):
    for part, words in ((SweepTable, "bf16"), (SweepHeat, "by category")):
        app = SweepApp(part(), snapshot)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            shown = screen_text(app)
            assert words in shown
            app.show()
            await pilot.pause()
            assert screen_text(app) == shown


async def test_keys_of_the_heat_table_go_over_cells():
    app = SweepApp(SweepHeat(), DONE)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("up", *["right"] * 12)
        assert str(app.look.selected) == "fp4"
        shown = screen_text(app)
        assert "fp4 · long-context: mean KL 0.022" in shown
        assert "‹" in shown
        await pilot.press("v", "left")
        assert "fp4 · languages: 1 − same top" in screen_text(app)


async def test_keys_of_the_figures_table_choose_and_order():
    app = SweepApp(SweepTable(), DONE)
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.press("down")
        assert str(app.look.selected) == "bf16"
        await pilot.press("G")
        assert str(app.look.selected) == "fp16"
        await pilot.press("s")
        assert "by mean KL" in screen_text(app)
        await pilot.press("s", "w")
        assert "by speed" in screen_text(app)
        assert "on the suite" in screen_text(app)


async def test_a_short_table_keeps_the_selected_row_in_view():
    app = SweepApp(SweepTable(), DONE)
    async with app.run_test(size=(100, 6)) as pilot:
        app.part.styles.height = 6
        await pilot.press("G")
        await pilot.pause()
        assert "▸◆ fp16" in screen_text(app)


async def test_a_table_with_room_left_tells_more_of_the_selected_variant():
    app = SweepApp(SweepTable(), DONE)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("g")
        assert "told apart" not in screen_text(app)
        app.part.styles.height = "1fr"
        await until(pilot, lambda: "told apart from" in screen_text(app))


class WordsApp(App[None]):
    def __init__(self, snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def compose(self) -> ComposeResult:
        yield SweepProgressLines()
        yield SweepVerdictPane()

    def on_mount(self) -> None:
        for part in (SweepProgressLines, SweepVerdictPane):
            self.query_one(part).show(self.snapshot)


@pytest.mark.parametrize("size", SIZES)
async def test_progress_and_verdict_stand_on_the_screen(size):
    app = WordsApp(RUNNING)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        shown = screen_text(app)
        assert "61 % · 485 of 784 cells" in shown
        assert "◑ nf4+dq 33 %" in shown
        assert "★ Run int8, so far" in shown


async def test_progress_with_room_to_spare_has_a_line_for_each_variant():
    app = WordsApp(RUNNING)
    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one(SweepVerdictPane).display = False
        app.query_one(SweepProgressLines).styles.height = "1fr"
        await until(pilot, lambda: "37 of 112  33 %" in screen_text(app))
        assert "✓ bf16      ━" in screen_text(app)
        assert "about 4 min 29 s left" in screen_text(app)


async def test_hostile_names_do_nothing_in_tables_and_words():
    for app in (SweepApp(SweepTable(), HOSTILE), SweepApp(SweepHeat(), HOSTILE), WordsApp(HOSTILE)):
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause()
            shown = screen_text(app)
            assert "\x1b" not in shown
            assert "\u202e" not in shown
            assert "skip=" in shown
