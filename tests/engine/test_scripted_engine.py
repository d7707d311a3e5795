"""The scripted engine: what it adds to the contract."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from engine_helpers import exhaust, generate_request, load_request, result_of

from quanttui.engine.scripted import Fault, Gate, ScriptedEngine, default_script, hostile_script, script_of, wide_script
from quanttui.errors import EngineDiedError, MeasurementError, VariantUnsupportedError
from quanttui.records import FinishReason, FlipKind, ScoreRequest
from quanttui.variants import parse_variant


def told_by(engine, spelling, max_new_tokens=200):
    model = result_of(engine.load(load_request(parse_variant(spelling))))
    output = result_of(model.generate(generate_request(max_new_tokens)))
    model.unload()
    return output


def scored(engine, spelling):
    reference = result_of(engine.load(load_request()))
    output = result_of(reference.generate(generate_request(200)))
    ids, first = output.prompt_token_ids + output.token_ids, len(output.prompt_token_ids)
    result_of(reference.score(ScoreRequest("t", ids, first, is_reference=True)))
    reference.unload()
    candidate = result_of(engine.load(load_request(parse_variant(spelling))))
    score = result_of(candidate.score(ScoreRequest("t", ids, first, is_reference=False)))
    candidate.unload()
    return score


def test_the_default_candidates_part_from_the_reference_ever_earlier():
    engine = ScriptedEngine()
    reference = told_by(engine, "bf16")
    places = []
    for spelling in ("int8", "nf4", "fp4"):
        ids = told_by(engine, spelling).token_ids
        places.append(next(i for i, (a, b) in enumerate(zip(reference.token_ids, ids, strict=False)) if a != b))
    assert places == sorted(places, reverse=True)
    assert places[-1] < 5 < 40 < places[0]
    assert reference.finish_reason is FinishReason.EOS


def test_a_variant_that_no_script_names_is_derived_and_stays_the_same():
    engine = ScriptedEngine(script_of({"bf16": " one two three four five six seven eight nine ten eleven twelve"}))
    first, second = told_by(engine, "nf4+dq"), told_by(ScriptedEngine(engine.script), "nf4+dq")
    assert first.token_ids == second.token_ids != told_by(engine, "bf16").token_ids


def test_scores_are_consistent_with_themselves_and_repeat():
    score = scored(ScriptedEngine(), "fp4")
    assert score == scored(ScriptedEngine(), "fp4")
    assert any(row.flip is FlipKind.REAL for row in score.tokens)
    for row in score.tokens:
        assert (row.reference_top[0].token_id != row.candidate_top[0].token_id) is (row.flip is not FlipKind.NONE)
        assert sum(token.probability for token in row.reference_top) < 1
        assert row.reference_probability == row.reference_top[0].probability


def test_coarser_variants_are_further_away():
    means = []
    for spelling in ("int8", "nf4", "fp4"):
        rows = scored(ScriptedEngine(), spelling).tokens
        means.append(sum(row.kl_divergence for row in rows) / len(rows))
    assert means == sorted(means)


def test_a_gate_holds_the_stream_until_it_is_released():
    gate = Gate("generate", "bf16", 5)
    engine = ScriptedEngine(hold=gate)
    model = result_of(engine.load(load_request()))
    seen = []
    thread = threading.Thread(target=lambda: seen.extend(model.generate(generate_request(20))))
    thread.start()
    assert gate.reached.wait(10)
    assert len(seen) == 6
    gate.release()
    thread.join(10)
    assert len(seen) == 21


def test_cancelling_at_a_gate_ends_without_another_token():
    gate = Gate("generate", "bf16", 5)
    engine = ScriptedEngine(hold=gate)
    model = result_of(engine.load(load_request()))
    ended = []
    thread = threading.Thread(target=lambda: ended.append(exhaust(model.generate(generate_request(20)))))
    thread.start()
    assert gate.reached.wait(10)
    engine.cancel()
    gate.release()
    thread.join(10)
    events, output = ended[0]
    assert len(events) == 6
    assert output.finish_reason is FinishReason.CANCELLED


def test_faults_happen_where_and_as_often_as_written():
    faults = (Fault("load", "nf4", 3), Fault("score", "nf4", 0, MeasurementError("NaN logits", "Try nf4+compute=fp32")))
    engine = ScriptedEngine(default_script(faults=faults))
    with pytest.raises(EngineDiedError):
        told_by(engine, "nf4")
    with pytest.raises(MeasurementError, match="NaN"):
        scored(engine, "nf4")


def test_unsupported_precisions_are_refused_before_any_weight():
    engine = ScriptedEngine(default_script(unsupported={"fp16": "no fp16 here"}))
    assert engine.describe().unsupported == {"fp16": "no fp16 here"}
    with pytest.raises(VariantUnsupportedError, match="no fp16 here"):
        next(engine.load(load_request("fp16")))


@pytest.mark.parametrize("script", [wide_script(), hostile_script()])
def test_pieces_come_raw_and_whole(script):
    output = told_by(ScriptedEngine(script), "bf16")
    assert output.pieces[:-1] == script.variants["bf16"].pieces


def test_it_imports_nothing_heavy():
    heavy = "{'torch', 'numpy', 'transformers', 'textual'}"
    code = f"import sys, quanttui.engine.scripted, quanttui.engine.registry; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
