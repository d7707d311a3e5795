"""A sweep as a stream of events: their order, what is kept for the next, what fails alone, and how it is stopped."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sweep_doubles import BF16, FP4, INT8, MODEL, NF4, REQUEST, UNITS, faulty

from quanttui.cache.sides import SideCache
from quanttui.engine.scripted import Fault, ScriptedEngine
from quanttui.errors import EngineDiedError, LoadError, MeasurementError, OutOfMemoryError, UsageError
from quanttui.pipeline.sweep import run_sweep, tally
from quanttui.records import EvaluationText, SuitePrompt, SweepPart, SweepProtocol
from quanttui.records.events import LoadProgressed, LoadStarted, ModelLoaded, ModelUnloaded
from quanttui.records.sweep_events import (
    CellScored,
    SpeedMeasured,
    SweepFailed,
    SweepFinished,
    SweepStarted,
    SweepTallied,
    UnitRead,
    VariantFailed,
)
from quanttui.variants import parse_variant

STREAMED = (LoadProgressed, SweepTallied)


@pytest.fixture
def sides(tmp_path):
    return SideCache(tmp_path / "sides")


def sweep(sides, engine=None, request=REQUEST, **options):
    return list(run_sweep(engine or ScriptedEngine(), request, sides, **options))


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def outline(events):
    kinds = [type(event) for event in events if not isinstance(event, STREAMED)]
    return [kind.__name__ for at, kind in enumerate(kinds) if at == 0 or kinds[at - 1] is not kind]


ONE_LOAD = ["LoadStarted", "ModelLoaded", "SpeedMeasured"]
REFERENCE = [*ONE_LOAD, "UnitRead", "ModelUnloaded"]
CANDIDATE = [*ONE_LOAD, "CellScored", "ModelUnloaded"]


def test_the_reference_reads_all_then_each_candidate_is_loaded_once(sides):
    events = sweep(sides)
    assert outline(events) == ["SweepStarted", *REFERENCE, *CANDIDATE * 3, "SweepFinished"]
    assert [event.variant for event in of(LoadStarted, events)] == [BF16, INT8, NF4, FP4]
    assert [event.unit.index for event in of(UnitRead, events)] == list(range(UNITS))
    cells = [(event.cell.variant, event.cell.unit) for event in of(CellScored, events)]
    assert cells == [(variant, unit) for variant in (INT8, NF4, FP4) for unit in range(UNITS)]


def test_every_sweep_ends_with_figures_and_one_end(sides):
    events = sweep(sides)
    assert isinstance(events[-2], SweepTallied)
    assert isinstance(events[-1], SweepFinished)
    assert events[-1].snapshot == events[-2].snapshot
    assert len(of(SweepFinished | SweepFailed, events)) == 1


def test_the_table_has_every_figure_of_every_variant(sides):
    snapshot = sweep(sides)[-1].snapshot
    reference, *candidates = snapshot.result.variants
    assert reference.variant == BF16
    assert (reference.text, reference.suite) == (None, None)
    assert all(row.tokens_per_second and row.parameter_bytes and row.peak_bytes for row in snapshot.result.variants)
    for row in candidates:
        assert row.text.tokens == 4 * 24
        assert row.suite.tokens == 6 * 12
        assert (row.text.scope, row.suite.scope) == ("over 4 windows", "over 6 texts")
        assert [part.category for part in row.by_category] == ["story", "facts", "code"]
        assert sum(part.divergence.tokens for part in row.by_category) == row.suite.tokens
    assert {(pair.part, pair.first, pair.second) for pair in snapshot.result.pairs} == {
        (part, *pair) for part in SweepPart for pair in ((INT8, NF4), (INT8, FP4), (NF4, FP4))
    }
    assert snapshot.progress.cells_done == snapshot.progress.cells_total == 4 * UNITS
    assert snapshot.progress.remaining_seconds is None


def test_prompts_are_read_with_the_references_own_continuation(sides):
    units = [event.unit for event in of(UnitRead, sweep(sides))]
    for unit in (unit for unit in units if unit.part is SweepPart.SUITE):
        assert len(unit.token_ids) - unit.first_scored == 12
        assert unit.category
    assert {len(unit.token_ids) for unit in units if unit.part is SweepPart.TEXT} == {48}


def test_the_next_sweep_of_the_same_finds_the_references_side_and_does_not_load_it(sides):
    first = sweep(sides)[-1]
    events = sweep(sides, request=replace(REQUEST, run_id="run-2"))
    assert [event.variant for event in of(LoadStarted, events)] == [INT8, NF4, FP4]
    assert all(event.unit.from_cache for event in of(UnitRead, events))
    found = events[-1].snapshot.result
    reference, *others = found.variants
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", reference.speed_measured_on)
    assert replace(found, variants=(replace(reference, speed_measured_on=""), *others)) == first.snapshot.result
    assert any("was not loaded" in note for note in events[-1].sweep.notes)


@pytest.mark.parametrize(
    "change",
    [
        {"reference": parse_variant("fp16")},
        {"model": replace(MODEL, revision="another")},
    ],
)
def test_a_side_of_something_else_is_not_taken(sides, change):
    sweep(sides)
    events = sweep(sides, request=replace(REQUEST, **change))
    assert not any(event.unit.from_cache for event in of(UnitRead, events))


def test_of_a_longer_sweep_only_what_is_new_is_read(sides):
    shorter = replace(REQUEST, prompts=REQUEST.prompts[:3])
    sweep(sides, request=shorter)
    units = [event.unit for event in of(UnitRead, sweep(sides))]
    assert {unit.name for unit in units if not unit.from_cache} == {prompt.id for prompt in REQUEST.prompts[3:]}


def test_a_damaged_side_is_read_again(sides, tmp_path):
    first = sweep(sides)[-1]
    next(tmp_path.glob("sides/*/*.side")).write_bytes(b"[]")
    events = sweep(sides)
    assert sum(not event.unit.from_cache for event in of(UnitRead, events)) == 1
    assert events[-1].snapshot.result == first.snapshot.result


def test_a_candidate_with_another_head_needs_the_references(sides):
    sweep(sides)
    events = sweep(sides, request=replace(REQUEST, candidates=(parse_variant("nf4+head"),)))
    assert sum(not event.unit.from_cache for event in of(UnitRead, events)) == 1
    again = sweep(sides, request=replace(REQUEST, candidates=(parse_variant("int8+head"),)))
    assert all(event.unit.from_cache for event in of(UnitRead, again))


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return sweep(SideCache(tmp_path_factory.mktemp("clean")))[-1].snapshot.result


@pytest.mark.parametrize(
    ("stage", "index", "error"),
    [
        ("load", 3, LoadError("damaged")),
        ("generate", 2, OutOfMemoryError("no room")),
        ("score", 0, MeasurementError("NaN")),
        ("score", 1, EngineDiedError("gone")),
        ("score", 1, None),
        ("unload", 0, None),
    ],
)
def test_what_ends_one_variant_is_its_own_failure(sides, clean, stage, index, error):
    events = sweep(sides, faulty(Fault(stage, "nf4", index, error)))
    (failed,) = of(VariantFailed, events)
    assert failed.failure.variant == NF4
    assert failed.failure.message == (error.message if error else "the engine process was killed (SIGKILL)")
    assert isinstance(events[-1], SweepFinished)
    rows = {row.variant: row for row in events[-1].snapshot.result.variants}
    assert rows[NF4].failure == failed.failure.message
    assert {(rows[one].text, rows[one].suite) for one in (INT8, FP4)} == {
        (row.text, row.suite) for row in clean.variants if row.variant in (INT8, FP4)
    }


def test_a_variant_that_fails_in_the_middle_keeps_what_was_measured(sides):
    events = sweep(sides, faulty(Fault("score", "nf4", 1, OutOfMemoryError("no room"))))
    (loaded, unloaded) = (
        [event for event in of(kind, events) if event.variant == NF4] for kind in (ModelLoaded, ModelUnloaded)
    )
    assert len(loaded) == len(unloaded) == 1
    progress = {one.variant: one for one in events[-1].snapshot.progress.by_variant}
    assert progress[NF4].done == progress[NF4].total < UNITS


def test_a_variant_that_cannot_run_here_fails_before_it_is_loaded(sides):
    events = sweep(sides, faulty(unsupported={"int8": "no int8 arithmetic"}))
    (failed,) = of(VariantFailed, events)
    assert failed.failure.message == "int8 cannot run on cpu: no int8 arithmetic"
    assert INT8 not in [event.variant for event in of(LoadStarted, events)]


def test_a_model_that_was_saved_quantized_is_made_nothing_else(sides):
    request = replace(REQUEST, model=replace(MODEL, prequantized="nf4"), candidates=(NF4, FP4))
    (failed,) = of(VariantFailed, sweep(sides, request=request))
    assert failed.failure.variant == FP4
    assert "was saved as nf4" in failed.failure.message


@pytest.mark.parametrize("stage", ["load", "generate", "score"])
def test_without_the_reference_there_is_no_sweep(sides, stage):
    events = sweep(sides, faulty(Fault(stage, "bf16", 3 * (stage == "generate"), OutOfMemoryError("no room", "Less."))))
    end = events[-1]
    assert isinstance(end, SweepFailed)
    assert (end.message, end.hint, end.exit_code) == ("no room", "Less.", 1)
    assert end.sweep.failure == end.snapshot.failure == "no room"
    assert not of(CellScored, events)


def test_a_prompt_that_cannot_be_continued_is_left_out_with_a_word(sides):
    long = SuitePrompt("long", "story", "word " * 5000)
    request = replace(REQUEST, prompts=(*REQUEST.prompts[:2], long, *REQUEST.prompts[2:]))
    end = sweep(sides, request=request)[-1]
    assert isinstance(end, SweepFinished)
    assert [unit.index for unit in end.sweep.units] == list(range(UNITS))
    assert any(note.startswith("prompt long is left out: the prompt has") for note in end.sweep.notes)
    assert end.snapshot.progress.cells_total == 4 * UNITS


def test_a_reference_that_has_to_read_something_new_is_not_said_to_have_stayed_away(sides):
    sweep(sides)
    more = replace(REQUEST, run_id="run-2", prompts=(*REQUEST.prompts, SuitePrompt("new", "story", "a new one")))
    events = sweep(sides, request=more)
    assert any(loaded.report.variant == BF16 for loaded in of(ModelLoaded, events))
    assert not any("was not loaded" in note for note in events[-1].sweep.notes)


def test_where_nothing_can_be_read_the_sweep_fails_with_the_reasons(sides):
    request = replace(REQUEST, prompts=(), texts=(EvaluationText("short", "too short"),))
    end = sweep(sides, request=request)[-1]
    assert isinstance(end, SweepFailed)
    assert end.message == (
        "there is nothing that could be scored: short is left out: its 2 tokens are too few to score"
    )
    assert end.exit_code == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"prompts": (), "texts": ()}, "nothing to sweep over"),
        ({"candidates": ()}, "no variant"),
        ({"candidates": (INT8, INT8)}, "chosen twice"),
        ({"candidates": (BF16, INT8)}, "is the reference already"),
        ({"generation": replace(REQUEST.generation, do_sample=True)}, "greedily"),
        ({"model": replace(MODEL, problem="its config is damaged")}, "its config is damaged"),
    ],
)
def test_what_cannot_be_swept_is_refused_before_anything_is_loaded(sides, change, words):
    events = sweep(sides, request=replace(REQUEST, **change))
    (end,) = events
    assert isinstance(end, SweepFailed)
    assert words in end.message
    assert end.exit_code == 2


def test_a_cache_that_cannot_be_written_ends_the_sweep_with_its_reason(tmp_path):
    (tmp_path / "file").write_text("")
    end = sweep(SideCache(tmp_path / "file"))[-1]
    assert isinstance(end, SweepFailed)
    assert "cannot be written" in end.message


def test_without_speed_tokens_no_speed_is_measured(sides):
    events = sweep(sides, request=replace(REQUEST, protocol=SweepProtocol(context_length=48, speed_tokens=0)))
    assert not of(SpeedMeasured, events)
    assert events[-1].snapshot.result.variants[1].tokens_per_second is None


def test_text_alone_has_a_speed_too(sides):
    events = sweep(sides, request=replace(REQUEST, prompts=()))
    assert len(of(SpeedMeasured, events)) == 4


KINDS = (SweepStarted, LoadStarted, LoadProgressed, ModelLoaded, SpeedMeasured, UnitRead, CellScored, ModelUnloaded)


@pytest.mark.parametrize("kind", KINDS)
def test_once_it_is_stopped_no_new_work_begins(sides, kind):
    seen = []
    stop = lambda: any(isinstance(event, kind) for event in seen)  # noqa: E731  (read once)
    for event in run_sweep(ScriptedEngine(), REQUEST, sides, stop):
        seen.append(event)
    end = seen[-1]
    assert isinstance(end, SweepFailed)
    assert end.was_cancelled
    at = next(index for index, event in enumerate(seen) if isinstance(event, kind))
    after = [type(event) for event in seen[at + 1 : -1] if not isinstance(event, STREAMED)]
    assert len(after) <= 2
    assert LoadStarted not in after
    assert len(of(ModelLoaded, seen)) == len(of(ModelUnloaded, seen))


def test_a_consumer_that_goes_away_leaves_no_model_loaded(sides):
    engine = ScriptedEngine()
    events = run_sweep(engine, REQUEST, sides)
    while not isinstance(next(events), CellScored):
        pass
    events.close()
    assert engine.resident is None
    assert not sides.entries()[0].in_use


def test_the_figures_of_a_beginning_are_figures_too(sides):
    whole = sweep(sides)[-1].sweep
    cells = [cell for cell in whole.cells if cell.variant == INT8 or (cell.variant == NF4 and cell.unit < 4)]
    rows = {row.variant: row for row in tally(replace(whole, cells=tuple(cells))).result.variants}
    assert rows[INT8].text.tokens == 2 * rows[NF4].text.tokens
    assert rows[FP4].text is None
    errors = [
        tally(replace(whole, cells=tuple(cell for cell in whole.cells if cell.unit < kept))).result.variants[2]
        for kept in (8, UNITS)
    ]
    assert errors[0].suite.same_top_standard_error > errors[1].suite.same_top_standard_error


def test_cells_that_do_not_count_are_not_counted(sides):
    whole = sweep(sides)[-1].sweep
    kept = replace(whole, kept_units=4)
    fewer = replace(whole, units=whole.units[:4], cells=tuple(cell for cell in whole.cells if cell.unit < 4))
    assert tally(kept).result == tally(fewer).result
    assert tally(kept).progress == tally(fewer).progress


def test_a_figure_that_would_mean_nothing_fails_its_variant_alone(sides):
    whole = sweep(sides)[-1].sweep
    broken = [
        replace(cell, columns=replace(cell.columns, kl=b"\xff" * len(cell.columns.kl))) if cell.variant == NF4 else cell
        for cell in whole.cells
    ]
    rows = {row.variant: row for row in tally(replace(whole, cells=tuple(broken))).result.variants}
    assert "NaN" in rows[NF4].failure
    assert rows[INT8].failure is None


def test_a_request_that_is_another_sweeps_cannot_be_taken_up(sides):
    whole = sweep(sides)[-1].sweep
    (end,) = sweep(sides, request=replace(REQUEST, run_id="run-2"), resumed=whole)
    assert isinstance(end, SweepFailed)
    assert UsageError.exit_code == end.exit_code
