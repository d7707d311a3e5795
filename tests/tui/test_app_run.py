"""A run by keys: what streams, what it ends with, how it is stopped, and that the next one works."""

from __future__ import annotations

import pytest
from scripted_app import StoryEngine, finish, make_app, pane_text, reach, running, screen_text, status, until

from quanttui.engine.scripted import Fault, Gate, default_script, script_of
from quanttui.errors import OutOfMemoryError
from quanttui.records import Precision, Variant
from quanttui.records.events import TokenGenerated
from quanttui.tui.messages import RunAdvanced
from quanttui.tui.services import InitialChoices
from quanttui.tui.widgets.output_pane import OutputPane

NF4_ONLY = InitialChoices(candidates=(Variant(Precision.NF4),))


async def test_f5_runs_reference_and_candidates_and_the_footer_ends_with_done():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        assert status(app) == "done · int8 parts at token 55 of 74, nf4 parts at token 8 of 66"
        assert "there lived a king who" in pane_text(app, "reference")
        assert "▶sons" in pane_text(app, "candidate")
        assert "▶daughters" in pane_text(app, "reference")


async def test_the_request_holds_what_was_chosen():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        request = app.main.run_view.request
        assert request.model.id == "demo"
        assert [v.spelling for v in request.candidates] == ["int8", "nf4"]
        assert request.prompts == ("Once upon a time",)
        assert request.generation.max_new_tokens == 100


async def test_equal_outputs_are_called_identical_and_nothing_is_marked():
    app = make_app(script_of({"bf16": " one two three", "nf4": " one two three"}), choices=NF4_ONLY)
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        assert status(app) == "done · nf4 identical, all 4 tokens"
        assert "▶" not in screen_text(app)
        await pilot.press("n")
        assert status(app) == "no difference to jump to"


async def test_arrows_show_another_candidate_and_its_differences():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("left")
        assert "▶spring" in pane_text(app, "candidate")
        assert "▶well" in pane_text(app, "reference")
        await pilot.press("right")
        assert "▶sons" in pane_text(app, "candidate")


async def test_n_steps_through_the_differences_and_round_the_end():
    app = make_app(choices=NF4_ONLY)
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        run = app.main.run_view
        count = len(run.differences())
        assert count > 2
        await pilot.press("n")
        assert run.cursor == 0
        await pilot.press("n", "N", "N")
        assert run.cursor == count - 1
        await pilot.press("n")
        assert run.cursor == 0
        assert f"difference 1 of {count}" in screen_text(app)


async def test_a_long_output_scrolls_with_the_text_and_n_scrolls_back_to_the_difference():
    words = [f" word{i}" for i in range(400)]
    other = [*words[:3], " else", *words[4:]]
    app = make_app(
        script_of({"bf16": words, "nf4": other}),
        choices=InitialChoices(candidates=NF4_ONLY.candidates, prompt="go"),
    )
    async with running(app, (80, 24)) as pilot:
        await pilot.press("comma", *"400", "f5")
        await finish(pilot)
        await pilot.press("5", "G")
        await pilot.pause()
        assert "word399" in pane_text(app, "candidate")
        await pilot.press("n")
        await pilot.pause()
        assert "▶else" in pane_text(app, "candidate")
        assert "▶word3" in pane_text(app, "reference")


async def test_a_user_who_scrolled_up_is_left_there_while_text_comes_in():
    words = [f" word{i}" for i in range(300)]
    gate = Gate("generate", "nf4", 200)
    choices = InitialChoices(candidates=NF4_ONLY.candidates, prompt="go")
    app = make_app(script_of({"bf16": words, "nf4": words}), gate, choices=choices)
    async with running(app, (80, 24)) as pilot:
        await pilot.press("comma", *"300", "f5")
        await reach(pilot, gate)
        text = app.main.query_one("#candidate", OutputPane).text
        assert text.is_vertical_scroll_end
        await pilot.press("5", "g")
        await until(pilot, lambda: text.scroll_y == 0)
        gate.release()
        await finish(pilot)
        assert text.scroll_y == 0
        assert "word0" in pane_text(app, "candidate")


async def test_esc_stops_mid_stream_and_keeps_what_was_made():
    gate = Gate("generate", "nf4", 12)
    app = make_app(gate=gate)
    async with running(app) as pilot:
        await pilot.press("f5")
        await reach(pilot, gate)
        assert status(app) == "generating nf4 12/100 tokens"
        await pilot.press("escape")
        assert status(app) == "stopping after this step"
        gate.release()
        await finish(pilot)
        assert status(app).startswith("stopped")
        assert len(app.main.run_view.candidate.tokens) in (12, 13)
        assert "▶sons" in pane_text(app, "candidate")


async def test_esc_stops_a_load():
    gate = Gate("load", "bf16", 5)
    app = make_app(gate=gate)
    async with running(app) as pilot:
        await pilot.press("f5")
        await reach(pilot, gate)
        assert status(app) == "loading bf16 5/12 weights"
        await pilot.press("escape")
        gate.release()
        await finish(pilot)
        assert status(app).startswith("stopped")


async def test_a_stopped_run_is_followed_by_one_that_works():
    gate = Gate("generate", "bf16", 3)
    app = make_app(gate=gate)
    async with running(app) as pilot:
        await pilot.press("f5")
        await reach(pilot, gate)
        await pilot.press("escape")
        gate.release()
        await finish(pilot)
        await pilot.press("f5")
        await finish(pilot)
        assert status(app).startswith("done")


async def test_f5_while_a_run_goes_on_starts_no_second_one():
    gate = Gate("generate", "bf16", 3)
    app = make_app(gate=gate)
    async with running(app) as pilot:
        await pilot.press("f5")
        await reach(pilot, gate)
        await pilot.press("f5")
        assert app.main.run_view.request.run_id == "run-1"
        assert status(app) == "a run is going on · esc stops it"
        gate.release()
        await finish(pilot)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("generate", "nf4", 20), "the engine process was killed (SIGKILL)"),
        (Fault("load", "nf4", 3, OutOfMemoryError("nf4 needs 6.0 GB, 2.1 GB are free", "Close others.")), "2.1 GB"),
    ],
)
async def test_a_failed_run_says_what_why_and_what_next_and_the_next_run_works(fault: Fault, said: str):
    app = make_app(default_script(faults=(fault,)))
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        assert status(app).startswith("failed: ")
        assert said in status(app)
        notice = app.main.query_one("#candidate", OutputPane).notice
        assert notice.display
        assert "this run failed" in screen_text(app)
        await pilot.press("f5")
        await finish(pilot)
        assert status(app).startswith("done")
        assert not notice.display


async def test_late_events_of_an_older_run_are_dropped():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        token = app.main.run_view.candidate.tokens[0]
        await pilot.press("f5")
        await finish(pilot)
        before = len(app.main.run_view.candidate.tokens)
        late = TokenGenerated(Variant(Precision.NF4), 0, token)
        app.main.post_message(RunAdvanced("run-1", lambda: (late,)))
        await pilot.pause()
        assert len(app.main.run_view.candidate.tokens) == before


async def test_q_asks_once_while_a_run_goes_on_and_leaves_the_second_time():
    gate = Gate("generate", "nf4", 5)
    app = make_app(gate=gate)
    async with running(app) as pilot:
        await pilot.press("f5")
        await reach(pilot, gate)
        await pilot.press("q")
        assert "again leaves" in status(app)
        assert app._exit is False
        await pilot.press("q")
        await until(pilot, lambda: app._exit)
    assert app.return_code == 0
    engine = app.services.engine
    assert isinstance(engine, StoryEngine)
    assert engine.closed
    assert not any(worker.is_running for worker in app.workers)


async def test_q_leaves_at_once_when_nothing_runs():
    app = make_app()
    async with running(app) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: app._exit)
    assert app.return_code == 0


async def test_figures_stand_beside_each_output_with_their_ratio():
    app = make_app(choices=NF4_ONLY)
    async with running(app) as pilot:
        await pilot.press("f5")
        await finish(pilot)
        shown = screen_text(app)
        for words in ("33.8 tok/s · 7.1 MB (0.48×)", "33.8 0.82×", "peak 15.9 MB  load 770 ms 1.83×"):
            assert words in shown


async def test_y_copies_the_output():
    app = make_app(choices=NF4_ONLY)
    async with running(app) as pilot:
        await pilot.press("y")
        assert status(app) == "no output to copy yet"
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("y")
        assert app.clipboard.startswith(" there lived a king who had three sons")
        await pilot.press("4")
        await pilot.pause()
        await pilot.press("y")
        assert "daughters" in app.clipboard
