"""The Pareto plot: what stands where on its axes, how names keep out of each other's way, and what its keys do."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations, pairwise

import pytest
from scripted_app import screen_text, until
from sweep_samples import (
    DONE,
    FAILED,
    FITS,
    HOSTILE,
    NOISE,
    NOTHING_YET,
    ONE_POINT,
    ROWS,
    RUNNING,
    SweepApp,
    divergence,
    snapshot_of,
)
from textual_hires_canvas import Canvas

from quanttui.records import CategoryDivergence, SweepPart
from quanttui.tui.state.sweep_axis import linear_axis, log_axis, memory_axis, nats_label, share_label
from quanttui.tui.state.sweep_labels import Tag, apart, place_tags
from quanttui.tui.state.sweep_look import Measure, SweepLook
from quanttui.tui.state.sweep_plot import Kind, PlotView, plot_view
from quanttui.tui.state.sweep_rows import sweep_rows
from quanttui.tui.widgets.sweep_facts import SweepFacts
from quanttui.tui.widgets.sweep_heat import SweepHeat
from quanttui.tui.widgets.sweep_plot import SweepPlot


def view_of(snapshot, look=SweepLook()) -> PlotView:  # noqa: B008 - frozen
    return plot_view(sweep_rows(snapshot, look, FITS), look.measure)


def point(view: PlotView, name: str):
    return next(each for each in view.points if each.row.name == name)


def test_a_logarithmic_axis_has_round_ticks_inside_it():
    axis = log_axis([1e-4, 0.15], nats_label)
    assert [label for _, label in axis.ticks] == ["1e-4", "0.001", "0.01", "0.1"]
    narrow = log_axis([0.02, 0.025], nats_label)
    assert narrow.high - narrow.low >= 0.5
    assert len(narrow.ticks) >= 2
    for made in (axis, narrow, log_axis([], share_label), log_axis([0.0], nats_label)):
        assert made.low < made.high
        assert all(made.low <= tick <= made.high for tick, _ in made.ticks)


def test_a_linear_axis_holds_zero_and_signs():
    axis = linear_axis([-0.002, 0.05])
    assert axis.low < -0.002 < 0 < 0.05 < axis.high
    assert "0.00" in [label for _, label in axis.ticks]
    assert any(label.startswith("+") for _, label in axis.ticks)
    assert linear_axis([]).low < linear_axis([]).high


def test_the_axis_of_memory_is_labelled_as_sizes_are():
    labels = [label for _, label in memory_axis([5.2e9, 16.1e9]).ticks]
    assert labels == ["6 GB", "8 GB", "10 GB", "12 GB", "14 GB", "16 GB"]
    one = memory_axis([14_684_160.0])
    assert one.low < 14_684_160 < one.high
    assert one.ticks


def test_points_stand_at_their_memory_and_divergence():
    view = view_of(DONE)
    int8 = point(view, "int8")
    assert int8.x == 9.58e9
    assert int8.y == pytest.approx(math.log10(0.0121))
    assert int8.low < int8.y < int8.high
    assert int8.high == pytest.approx(math.log10(0.0121) + 1.96 * 0.05 / math.log(10), abs=1e-4)
    assert [each.kind for each in view.points] == [
        Kind.FRONTIER, Kind.FRONTIER, Kind.FRONTIER, Kind.BEATEN, Kind.RECOMMENDED, Kind.REFERENCE, Kind.FRONTIER,
    ]  # fmt: skip


def test_what_failed_or_is_not_ranked_is_not_called_beaten():
    failed = replace(ROWS[3], failure="out of memory")
    later = replace(ROWS[5], text=None)
    view = view_of(snapshot_of([*ROWS[:3], failed, later]), SweepLook(part=SweepPart.SUITE))
    assert point(view, "nf4").kind is Kind.FAILED
    assert point(view, "fp4").kind is Kind.UNRANKED
    assert point(view_of(DONE), "fp4").kind is Kind.BEATEN


def test_what_lies_below_the_noise_stands_on_its_line_and_says_at_most():
    view = view_of(DONE)
    fp16 = point(view, "fp16")
    assert view.floor is not None
    assert fp16.y == view.floor[0] == pytest.approx(math.log10(NOISE))
    assert fp16.label == "≤ fp16 ✗"
    assert (fp16.low, fp16.high) == (None, None)
    unsure = replace(ROWS[1], text=divergence(6e-5, 0.998, 3e-5))
    above = point(view_of(snapshot_of([ROWS[0], unsure, ROWS[2]])), "fp16")
    assert (above.low, above.high) == (fp16.y, pytest.approx(math.log10(6e-5) + 1.96 * 0.5 / math.log(10), abs=1e-4))
    assert point(view, "bf16").label == "bf16 ✗"


def test_no_difference_at_all_stands_on_the_axis():
    same = replace(ROWS[2], text=divergence(0.0, 1.0, 0.0, noise=0.0))
    for measure in (Measure.KL, Measure.FLIPS):
        view = view_of(snapshot_of([ROWS[0], same]), SweepLook(measure=measure))
        assert point(view, "int8").y == view.y_axis.low
        assert point(view, "int8").label.startswith("≤ int8")
        assert math.isfinite(view.y_axis.low)
        assert view.floor is None
        assert point(view, "bf16").label == "≤ bf16 ✗"


@pytest.mark.parametrize("value", [math.inf, math.nan])
@pytest.mark.parametrize("measure", Measure)
async def test_a_model_without_a_figure_is_named_and_harms_no_other(value, measure):
    summary = replace(divergence(value, 0.0, value), ln_perplexity_ratio=value, same_top=1 - value)
    broken = replace(ROWS[3], text=summary, by_category=(CategoryDivergence("story", summary),))
    snapshot = snapshot_of([*ROWS[:3], broken])
    assert "nf4" not in [each.row.name for each in view_of(snapshot, SweepLook(measure=measure)).points]
    for part in (SweepPlot, SweepHeat):
        app = SweepApp(part(), snapshot, SweepLook(measure=measure))
        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.pause()
            assert ("✗ nf4: its" if part is SweepPlot else "n/a") in screen_text(app)


def test_a_better_perplexity_than_the_references_stands_below_zero():
    view = view_of(DONE, SweepLook(measure=Measure.PERPLEXITY))
    assert point(view, "fp16").y < 0 < point(view, "nf4").y
    assert view.floor == (0.0, "no difference")


def test_a_wide_interval_ends_at_the_axis():
    wide = replace(ROWS[2], text=divergence(0.012, 0.97, 0.06))
    view = view_of(snapshot_of([ROWS[0], wide, ROWS[3]]))
    assert (point(view, "int8").low, point(view, "int8").high) == (view.y_axis.low, view.y_axis.high)
    assert math.log10(NOISE) - 1 < view.y_axis.low < view.y_axis.high < 0


def test_the_frontier_is_stairs_that_only_go_down():
    corners = view_of(DONE).frontier
    assert corners[0] == (point(view_of(DONE), "nf4+head").x, point(view_of(DONE), "nf4+head").y)
    assert all(a[0] <= b[0] and a[1] >= b[1] for a, b in pairwise(corners))
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(corners))
    assert view_of(NOTHING_YET).frontier == ()


def test_a_look_at_the_suite_shows_the_suite():
    look = SweepLook(part=SweepPart.SUITE)
    assert point(view_of(DONE, look), "nf4").y == pytest.approx(math.log10(1.2 * 0.0312))


@pytest.mark.parametrize("cells", [4, 10, 30])
def test_names_never_lie_on_each_other_or_on_points(cells: int):
    tags = [Tag(x, y, cells) for x, y in ((5, 5), (6, 5), (7, 5), (5, 6), (39, 0), (0, 9), (20, 9), (21, 9))]
    places = place_tags(tags, 40, 10)
    written = [
        {(column, place[1]) for column in range(place[0], place[0] + cells)} for place in places if place is not None
    ]
    assert all(not one & other for one, other in combinations(written, 2))
    assert all(0 <= x < 40 and 0 <= y < 10 for word in written for x, y in word)
    assert not set().union(*written) & {(tag.x, tag.y) for tag in tags}
    assert places[0] is not None


def test_the_first_word_makes_room_for_the_others():
    """Above its point it would stand where the second has its only place."""
    tags = [Tag(1, 1, 8), Tag(1, 0, 8), Tag(2, 1, 3)]
    places = place_tags(tags, 16, 3)
    assert None not in places
    assert places[1] == (3, 0)


def test_a_word_stands_not_beside_another_point():
    assert place_tags([Tag(10, 1, 4)], 40, 3, [(11, 1)]) == [(5, 1)]


def test_points_in_one_cell_are_set_beside_each_other():
    assert apart([(5, 5), (5, 5), (5, 5), (9, 9)], 40) == [(5, 5), (6, 5), (4, 5), (9, 9)]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_the_plot_shows_every_variant_its_floor_and_the_numbers_of_one(size):
    app = SweepApp(SweepPlot(), DONE)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        shown = screen_text(app)
        for words in ("≤ fp16 ✗", "★", "◇ fp4", "noise floor", "12.2 ± 0.2 tok/s", "0.012 ± 6.1e-4 nats", "97.1"):
            assert words in shown
        assert "Mean KL against peak memory, on the text" in shown


async def test_keys_go_through_the_points_by_memory_and_change_the_measure():
    app = SweepApp(SweepPlot(), DONE)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("g")
        assert "◆ nf4+head" in screen_text(app)
        await pilot.press("right", "l", "j")
        assert str(app.look.selected) == "fp4"
        assert "beaten by" in screen_text(app)
        await pilot.press("left", "h", "k", "up")
        assert str(app.look.selected) == "nf4+head"
        await pilot.press("v")
        assert "1 − same top against" in screen_text(app)
        await pilot.press("v", "w")
        assert "Ln perplexity ratio against peak memory, on the suite" in screen_text(app)


async def test_points_appear_as_they_are_measured():
    app = SweepApp(SweepPlot(), NOTHING_YET)
    async with app.run_test(size=(120, 40)) as pilot:
        assert "Nothing measured yet" in screen_text(app)
        app.show(ONE_POINT)
        await pilot.pause()
        assert "fp16 ✗ …" in screen_text(app)
        assert "nf4" not in screen_text(app)
        app.show(RUNNING)
        await pilot.pause()
        assert "nf4+dq ✓ …" in screen_text(app)


HEAVY = str.maketrans("┏┓┗┛┃━", "╭╮╰╯│─")


@pytest.mark.parametrize("theme", ["quanttui-light", "ansi-dark", "ansi-light", "textual-light"])
async def test_the_plot_is_read_in_every_theme(theme):
    app = SweepApp(SweepPlot(), DONE)
    app.theme = theme
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("g")
        shown = screen_text(app)
        assert all(sign in shown for sign in ("★ int8 !", "◆ nf4+head ✓", "◇ fp4 ✓", "● ", "╌ noise floor"))
        app.theme = "quanttui-dark"
        await pilot.pause()
        assert screen_text(app).translate(HEAVY) == shown.translate(HEAVY)


async def test_without_colour_the_selected_point_is_underlined(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    app = SweepApp(SweepPlot(), DONE)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("g")
        canvas = app.query_one("#plot", Canvas)
        strips = [canvas.render_line(y) for y in range(canvas.size.height)]
        underlined = [part.text for strip in strips for part in strip if part.style and part.style.underline]
        assert "".join(underlined).split() == ["◆", "nf4+head", "✓"]


async def test_the_plot_follows_the_size_of_its_terminal():
    app = SweepApp(SweepPlot(), DONE)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        wide = screen_text(app)
        await pilot.resize_terminal(80, 17)
        await until(pilot, lambda: "KL 0.012 ± 6.1e-4 (121 × noise)" in screen_text(app))
        assert "≤ fp16" in screen_text(app)
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: screen_text(app) == wide)


async def test_the_floors_words_leave_points_alone():
    near = replace(ROWS[4], text=divergence(NOISE, 0.99, 1e-5))
    app = SweepApp(SweepPlot(), snapshot_of([ROWS[0], near]))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert " noise floor 1.0e-4 " in screen_text(app)
        assert "≤ nf4+dq" in screen_text(app)


async def test_a_failed_variant_is_listed_with_its_cause():
    app = SweepApp(SweepPlot(), FAILED)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "✗ int8: out of memory" in screen_text(app)


async def test_hostile_names_and_causes_do_nothing():
    app = SweepApp(SweepPlot(), HOSTILE)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("g")
        shown = screen_text(app)
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "[bold]" in shown
        facts = app.query_one(SweepFacts)
        assert facts.size.height == len(facts.render().wrap(facts.size.width))
        assert "[red]boom[/]" in shown


async def test_a_plot_that_was_hidden_while_figures_came_shows_them():
    app = SweepApp(SweepPlot(), NOTHING_YET)
    async with app.run_test(size=(80, 24)) as pilot:
        app.part.display = False
        await pilot.pause()
        app.show(DONE)
        await pilot.pause()
        app.part.display = True
        await until(pilot, lambda: "★ int8 !" in screen_text(app))
        assert "┃" in screen_text(app)
