"""The pane joins summary, strip and inspector, and posts what the user wants forced."""

from __future__ import annotations

from dataclasses import replace

from microscope_samples import VARIANTS, MicroscopeApp, strange_score, summary, tale_score

from quanttui.records import Variant
from quanttui.tui.widgets.divergence import DivergencePane
from quanttui.tui.widgets.inspector import TokenInspector
from quanttui.tui.widgets.strip import DivergenceStrip

SIZE = (100, 30)


async def test_f_forces_the_reference_token_on_the_candidate_and_capital_f_the_other_way_round() -> None:
    app = MicroscopeApp(tale_score(), summary())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f", "F")
        on_candidate, on_reference = app.forced
        assert (on_candidate.variant, on_candidate.index, on_candidate.position) == (VARIANTS[1], 7, 12)
        assert (on_candidate.token_id, on_candidate.text) == (1007, " daughters")
        assert on_candidate.forced_token_ids == tuple(range(1000, 1008))
        top = tale_score().tokens[7].candidate_top[0]
        assert (on_reference.variant, on_reference.token_id, on_reference.text) == (VARIANTS[0], top.token_id, top.text)
        assert on_reference.forced_token_ids == (*range(1000, 1007), top.token_id)


async def test_where_both_take_the_same_token_there_is_nothing_to_force() -> None:
    app = MicroscopeApp(tale_score(), summary())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("g", "f", "F")
        assert app.forced == []
        assert all("nf4 takes ␣there here too" in hint.words for hint in app.hints)
        assert len(app.hints) == 2


async def test_the_inspector_follows_the_cursor_with_the_text_around_it() -> None:
    app = MicroscopeApp(tale_score(), summary())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("right")
        view = app.query_one(TokenInspector).view
        assert view is not None
        assert (view.index, view.token.text) == (8, ",")
        assert view.before.endswith("three daughters")
        assert view.after.startswith(" and the youngest")


async def test_pieces_of_the_output_stand_in_the_context_where_they_are_known() -> None:
    score = strange_score()
    app = MicroscopeApp(None)
    async with app.run_test(size=SIZE) as pilot:
        pane = app.query_one(DivergencePane)
        pane.set_result(score, None, VARIANTS, pieces=[f"<{i}>" for i in range(len(score.tokens))])
        await pilot.pause()
        pane.move_to(2)
        await pilot.pause()
        view = app.query_one(TokenInspector).view
        assert view is not None
        assert view.before == "<0><1>"


async def test_another_text_starts_over_and_none_empties_the_pane() -> None:
    app = MicroscopeApp(tale_score(), summary())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("G")
        pane = app.query_one(DivergencePane)
        pane.set_result(strange_score(), summary(), VARIANTS)
        await pilot.pause()
        assert app.query_one(DivergenceStrip).cursor == 2
        pane.set_result(None, None)
        await pilot.pause()
        assert app.query_one(TokenInspector).view is None
        assert not app.query_one(TokenInspector).display


async def test_an_answer_without_tokens_says_that_there_is_nothing_to_measure() -> None:
    app = MicroscopeApp(replace(tale_score(), tokens=()))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "wrote no token" in app.query_one(DivergenceStrip).render_line(0).text


async def test_names_of_variants_are_never_markup() -> None:
    app = MicroscopeApp(None)
    hostile = replace(VARIANTS[1], skip=("[/x]\x1b[2J",))
    async with app.run_test(size=SIZE) as pilot:
        variants: tuple[Variant, Variant] = (VARIANTS[0], hostile)
        app.query_one(DivergencePane).set_result(tale_score(), summary(), variants)
        await pilot.press("g", "f")
        await pilot.pause()
        shown = "".join(segment.text for line in app.screen._compositor.render_strips() for segment in line)
        assert "[/x]␛[2J" in shown
        assert "\x1b" not in shown
