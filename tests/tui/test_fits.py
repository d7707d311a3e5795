"""What the Variants pane foretells: sizes and fits, when they are asked for, and the warning before a run."""

from __future__ import annotations

import threading
from dataclasses import replace

from scripted_app import DEMO, HOST_ONLY, LLAMA, finish, keys, make_app, reach, running, screen_text, status, until

from quanttui.engine.scripted import Gate, ScriptedEngine, default_script
from quanttui.errors import EngineDiedError
from quanttui.records import (
    EstimateRequest,
    FitVerdict,
    GenerationSettings,
    HostReading,
    MemoryEstimate,
    Precision,
    RunRequest,
    Variant,
)
from quanttui.tui.messages import ForetellingEnded, RunAdvanced, VariantsForetold
from quanttui.tui.services import InitialChoices
from quanttui.tui.state.fit_view import FitQuestion, text_length
from quanttui.tui.widgets.variant_list import VariantList
from quanttui.tui.workers.run_controller import RunController

MIB = 2**20
BF16, INT8, NF4 = (Variant(precision) for precision in (Precision.BF16, Precision.INT8, Precision.NF4))
SMALL = replace(HOST_ONLY, host=HostReading(24 * MIB, 10 * MIB, 15 * MIB, 2 * MIB, 5.0))
QUESTION = FitQuestion(DEMO, Precision.BF16, 256)


def verdicts(app) -> dict[str, FitVerdict]:
    return {variant.spelling: fit.verdict for variant, fit in app.main.board.fits.items()}


async def foretold(pilot, app) -> None:
    await until(pilot, lambda: len(app.main.board.fits) == len(app.main.selection.possible))
    await pilot.pause()


async def test_every_variant_has_its_size_and_its_fit_before_anything_is_loaded():
    app = make_app(default_script(unsupported={"fp16": "this CPU has no fp16 arithmetic"}))
    async with running(app) as pilot:
        await foretold(pilot, app)
        shown = screen_text(app)
        assert "bf16 ref  ~14.7 MB ✓ fits" in shown
        assert "int8       ~9.5 MB ✓ fits" in shown
        assert "not here" in shown
        assert app.services.engine.resident is None


async def test_what_does_not_fit_says_by_how_much_and_what_would():
    app = make_app(reading=SMALL)
    async with running(app) as pilot:
        await foretold(pilot, app)
        assert verdicts(app)["bf16"] is FitVerdict.DOES_NOT_FIT
        assert "✗ no" in screen_text(app)
        assert "! tight" in screen_text(app)
        await pilot.press("z")
        await pilot.pause()
        words = " ".join(screen_text(app).split())
        assert "MiB short (cpu, 256 tokens)" in words
        assert "would fit" in words
        assert "needs 18.3 MiB room 17.0 MiB" in words


async def test_a_new_reading_judges_anew_without_asking_the_engine():
    app = make_app(reading=SMALL)
    async with running(app) as pilot:
        await foretold(pilot, app)
        told = app.main.board.foretold
        app.main.reading = HOST_ONLY
        app.main.judge_fits()
        assert set(verdicts(app).values()) == {FitVerdict.FITS}
        assert app.main.board.foretold is told


async def test_what_does_not_fit_runs_at_the_second_press_and_again_without_a_word():
    app = make_app(reading=SMALL)
    async with running(app) as pilot:
        await foretold(pilot, app)
        await pilot.press("f5")
        assert "does not fit: needs" in status(app) or "do not fit: needs" in status(app)
        assert "F5 again runs all the same" in status(app)
        assert app.main.run_view is None
        await pilot.press("f5")
        await finish(pilot)
        assert app.main.run_view.failure is None
        await pilot.press("f5")
        await until(pilot, lambda: app.main.run_view.request.run_id == "run-2")
        await finish(pilot)


async def test_other_choices_are_warned_of_anew():
    app = make_app(reading=SMALL)
    async with running(app) as pilot:
        await foretold(pilot, app)
        await pilot.press("f5", "j", "space", "f5")
        assert "not fit" in status(app)
        assert app.main.run_view is None


async def test_another_model_a_longer_text_and_a_new_variant_are_asked_for():
    app = make_app(choices=InitialChoices(prompt="Once"))
    async with running(app) as pilot:
        await foretold(pilot, app)
        assert app.main.board.question == replace(QUESTION, model=DEMO)
        await pilot.press("1", "j", "enter")
        await until(pilot, lambda: app.main.board.question and app.main.board.question.model == LLAMA)
        await foretold(pilot, app)
        await pilot.press("a", *keys("nf4+dq"), "enter")
        await until(pilot, lambda: Variant(Precision.NF4, double_quant=True) in app.main.board.fits)
        await pilot.press("comma")
        await pilot.pause()
        await pilot.press(*keys("400"))
        await until(pilot, lambda: app.main.board.question.tokens == 512)
        await foretold(pilot, app)


async def test_a_measured_size_takes_the_place_of_the_foretold_one():
    app = make_app()
    async with running(app) as pilot:
        await foretold(pilot, app)
        await pilot.press("f5")
        await finish(pilot)
        await pilot.press("2")
        await pilot.pause()
        shown = screen_text(app)
        assert "bf16 ref   14.7 MB ✓ fits" in shown
        assert "~29.4 MB" in shown, "fp32 was not loaded"


async def test_a_model_chosen_while_a_run_goes_on_is_foretold_after_it():
    gate = Gate("generate", "bf16", 2)
    app = make_app(gate=gate)
    async with running(app) as pilot:
        await foretold(pilot, app)
        await pilot.press("f5")
        await reach(pilot, gate)
        await pilot.press("1", "j", "enter")
        await pilot.pause()
        assert app.main.selection.model == LLAMA
        assert not app.main.board.foretold
        gate.release()
        await finish(pilot)
        await foretold(pilot, app)
        assert app.main.query_one(VariantList).highlighted is not None


def test_a_run_goes_before_what_is_only_foretold():
    """The first estimate is held; the run that comes meanwhile is next. The rest is left, or comes after the run."""
    began, go_on, told = threading.Event(), threading.Event(), []

    class SlowEngine(ScriptedEngine):
        def estimate(self, request: EstimateRequest) -> MemoryEstimate:
            began.set()
            assert go_on.wait(20)
            return super().estimate(request)

    controller = RunController(SlowEngine(), told.append)
    controller.ask(QUESTION)
    request = RunRequest("one", DEMO, None, (NF4,), ("Once",), GenerationSettings())
    foretelling = threading.Thread(target=controller.foretell, args=(QUESTION, (BF16, INT8, NF4)))
    foretelling.start()
    assert began.wait(20)
    run = threading.Thread(target=controller.run, args=(request,))
    run.start()
    while not controller._runs_waiting:
        pass
    go_on.set()
    for thread in (foretelling, run):
        thread.join(20)
    assert isinstance(told[0], VariantsForetold)
    end_of_run = max(at for at, message in enumerate(told) if isinstance(message, RunAdvanced))
    assert not any(isinstance(message, VariantsForetold) for message in told[1:end_of_run])
    assert sum(isinstance(message, ForetellingEnded) for message in told) == 1


def test_another_question_ends_the_one_before():
    told = []
    controller = RunController(ScriptedEngine(), told.append)
    controller.ask(replace(QUESTION, tokens=512))
    controller.foretell(QUESTION, (BF16, INT8))
    assert told == [ForetellingEnded(QUESTION, is_whole=False)]


def test_an_engine_that_dies_over_an_estimate_is_told_and_not_asked_for_ever():
    class DyingEngine(ScriptedEngine):
        def estimate(self, request: EstimateRequest) -> MemoryEstimate:
            raise EngineDiedError("the engine process was killed", "Run again.")

    told = []
    controller = RunController(DyingEngine(), told.append)
    controller.ask(QUESTION)
    controller.foretell(QUESTION, (BF16,))
    assert told[0].foretold[0].problem == "the engine process was killed"
    assert told[1].is_whole


def test_the_length_is_that_of_the_prompt_and_the_answer_in_steps():
    assert text_length("Once", 100) == 256
    assert text_length("Once " * 200, 100) == 512
    assert text_length("é" * 3000, 1) == 2048
