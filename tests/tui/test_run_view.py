"""The fold of a run's events into what the screen shows, without a screen."""

from __future__ import annotations

from scripted_app import DEMO

from quanttui.compare.reading import Reading, read_diff
from quanttui.engine.scripted import ScriptedEngine, default_script
from quanttui.pipeline import run_comparison
from quanttui.records import DiffOp, GenerationSettings, Precision, RunRequest, Token, Variant
from quanttui.records.events import OutputFinished, TokenGenerated
from quanttui.tui.state.live_diff import LiveDiff
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.status import run_status
from quanttui.tui.state.variant_view import Stage, row_figures, title_figures

INT8, NF4 = Variant(Precision.INT8), Variant(Precision.NF4)


def request(**changes) -> RunRequest:
    values = {"candidates": (INT8, NF4), "prompts": ("Once",), "reference": None, **changes}
    return RunRequest("run-1", DEMO, generation=GenerationSettings(), **values)


def folded(stop_after=None, **changes) -> RunView:
    view = RunView(request(**changes))
    for event in run_comparison(ScriptedEngine(default_script()), view.request):
        view.apply(event)
        if stop_after is not None and stop_after(event):
            break
    return view


def test_a_whole_run_is_done_and_every_variant_has_its_output():
    view = folded()
    assert view.is_over
    assert view.failure is None
    assert [v.stage for v in (view.reference, *view.candidates)] == [Stage.DONE] * 3
    assert view.reference.variant.spelling == "bf16"


def test_the_shown_candidate_follows_the_work_until_the_user_picks_one():
    assert folded().candidate.variant == NF4
    view = RunView(request())
    view.show(0)
    for event in run_comparison(ScriptedEngine(default_script()), view.request):
        view.apply(event)
    assert view.candidate.variant == INT8


def test_differences_come_with_the_stream_and_are_the_pipelines_at_the_end():
    live = folded(stop_after=lambda e: isinstance(e, TokenGenerated) and e.variant == NF4 and e.token.index == 9)
    assert live.candidate.output is None
    assert live.differences()[0].candidate[0] == 7
    done = folded()
    assert done.reading() == read_diff(done.candidate.diff, done.reference.pieces, done.candidate.pieces)


def tokens(*ids: int) -> list[Token]:
    return [Token(at, token_id, "", 0.5, 0.1) for at, token_id in enumerate(ids)]


def live_spans(reading: Reading) -> list[tuple[DiffOp, tuple[int, int], tuple[int, int]]]:
    return [(span.op, span.reference, span.candidate) for span in reading.spans]


def test_the_rest_of_the_reference_is_no_difference_while_the_candidate_streams():
    reading = LiveDiff().reading(tokens(1, 2, 3, 4, 5, 6), tokens(1, 9), key="nf4")
    assert live_spans(reading) == [(DiffOp.EQUAL, (0, 1), (0, 1)), (DiffOp.REPLACE, (1, 2), (1, 2))]
    assert reading.apart == reading.spans[-1]


def test_streaming_texts_meet_again_after_eight_equal_tokens():
    reference, candidate = tokens(*range(30)), tokens(0, 1, 99, 98, *range(5, 20))
    live = LiveDiff()
    assert live.reading(reference, candidate[:11], key=0).apart is not None
    met = live.reading(reference, candidate[:12], key=0)
    assert met.apart is None
    assert live_spans(met) == [
        (DiffOp.EQUAL, (0, 2), (0, 2)),
        (DiffOp.REPLACE, (2, 5), (2, 4)),
        (DiffOp.EQUAL, (5, 13), (4, 12)),
    ]
    assert live.reading(reference, candidate, key=0).spans[:2] == met.spans[:2]


def test_another_candidate_is_aligned_afresh():
    live = LiveDiff()
    live.reading(tokens(1, 2), tokens(9, 9), key=0)
    assert live_spans(live.reading(tokens(1, 2), tokens(1, 2), key=1)) == [(DiffOp.EQUAL, (0, 2), (0, 2))]


def test_stepping_goes_round_and_starts_at_either_end():
    view = folded()
    count = len(view.differences())
    assert view.step(-1) == view.differences()[-1]
    assert view.cursor == count - 1
    assert view.step(1) == view.differences()[0]


def test_the_status_says_what_runs():
    def at(stop):
        return run_status(folded(stop_after=stop)).text

    assert run_status(RunView(request())).text == "engine warming up"
    assert at(lambda e: isinstance(e, TokenGenerated) and e.token.index == 40) == "generating bf16 41/100 tokens"
    assert run_status(folded()).text.startswith("done")


def test_a_request_that_fails_before_it_starts_is_a_failure_without_a_reference():
    view = folded(prompts=("  ",))
    assert view.is_over
    assert view.reference is None
    assert run_status(view).text == "failed: the prompt is empty"


def test_figures_are_ratios_to_the_reference_and_pending_until_they_are_known():
    view = folded(stop_after=lambda e: isinstance(e, OutputFinished) and e.variant == NF4)
    by_name = {figure.name: figure for figure in row_figures(view.candidate, view.reference)}
    assert by_name["peak"].value == "…"
    assert by_name["load"].ratio == "1.83×"
    assert [(figure.value, figure.ratio) for figure in title_figures(view.candidate, view.reference)] == [
        ("33.8 tok/s", ""),
        ("7.1 MB", "0.48×"),
    ]
    assert all(figure.ratio == "" for figure in row_figures(view.reference, view.reference))


def test_a_title_says_no_speed_while_text_comes_in_and_the_line_beneath_does():
    view = folded(stop_after=lambda e: isinstance(e, TokenGenerated) and e.variant == NF4 and e.token.index == 9)
    assert [figure.value for figure in title_figures(view.candidate, view.reference)] == ["7.1 MB"]
    assert row_figures(view.candidate, view.reference)[0].value.endswith("tok/s")
