"""The JSON document of a sweep: the promised shape, the published schema, nothing that a parser trips on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from sweep_helpers import LIMITS, REFERENCE, row_of, snapshot_of, sweep_divergence, sweep_request

from quanttui.compare.sweep import conclude
from quanttui.records import (
    Interval,
    PairComparison,
    PairedFlips,
    PairedKl,
    PairFinding,
    SmallestDetectable,
    SweepPart,
    SweepSnapshot,
    UnitsRead,
)
from quanttui.runs.divergence_document import divergence_document
from quanttui.runs.document import document_text
from quanttui.runs.export.formats import sweep_schema
from quanttui.runs.gate import gate_document
from quanttui.runs.sweep_document import sweep_document
from quanttui.runs.sweep_gate import check_sweep_limits, parse_sweep_limits

DIVERGENCE = {
    "tokens", "kl_divergence", "same_top", "same_top_standard_error", "noise_floor", "noise_multiple", "verdict"
}  # fmt: skip


def whole(**changes: Any) -> SweepSnapshot:
    """With a pair that was not told apart."""
    request = sweep_request("sweep-1", "int8", "nf4", "nf4+dq", limits=LIMITS)
    made = snapshot_of(request, **changes)
    nf4, dq = request.candidates[1:]
    pair = PairComparison(
        nf4, dq, SweepPart.TEXT,
        PairedKl(0.031, 0.033, -0.002, Interval(-0.004, 0.001), 0.94, None, 0.2, 0.004),
        PairedFlips(8_000, 20, 24, -0.0005, 0.6, 0.004),
        kl_adjusted_p=None, flips_adjusted_p=1.0, tests=6, finding=PairFinding.NOT_FOUND, text="nf4, nf4+dq: by hand"
    )  # fmt: skip
    rows = [row_of(variant, request) for variant in (REFERENCE, *request.candidates)]
    verdict = replace(
        conclude(rows, REFERENCE, LIMITS, {}).verdict,
        indistinguishable=(pair,), smallest_detectable=SmallestDetectable(None, 0.004)
    )  # fmt: skip
    return replace(made, result=replace(made.result, pairs=(pair,), verdict=verdict))


def check(document: dict[str, Any]) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(document_text(document))
    jsonschema.Draft202012Validator(json.loads(sweep_schema())).validate(parsed)
    return parsed


def test_has_the_promised_keys() -> None:
    document = check(sweep_document(whole()))
    promised = {
        "schema_version", "run_id", "model", "environment", "reference", "protocol", "variants", "frontier", "verdict"
    }  # fmt: skip
    assert promised <= document.keys()
    for row in document["variants"]:
        assert {
            "variant", "parameter_bytes", "peak_bytes", "tokens_per_second", "divergence", "by_category", "failed"
        } <= row.keys()  # fmt: skip
    assert {"recommended", "runner_up", "indistinguishable", "smallest_detectable", "why"} <= document["verdict"].keys()
    assert document["verdict"]["indistinguishable"][0]["second"] == "nf4+dq"


def test_says_how_much_of_what_was_asked_for_was_read() -> None:
    assert check(sweep_document(whole()))["protocol"]["read"] is None
    document = check(sweep_document(whole(read=UnitsRead(1, 1, 2, time_was_short=True))))
    assert document["protocol"]["read"] == {"prompts": 1, "windows": 2}
    assert document["protocol"]["suite"]["prompts"] == 2


def test_divergence_is_on_text_and_the_suite_stands_beside_it() -> None:
    document = check(sweep_document(whole()))
    reference, _, nf4, _ = document["variants"]
    assert (reference["divergence"], reference["is_reference"]) == (None, True)
    assert document["divergence_on"] == "text"
    assert nf4["divergence"] == nf4["text"] == json.loads(json.dumps(divergence_document(sweep_divergence(0.031))))
    assert nf4["suite"]["kl_divergence"]["mean"] == 0.062
    assert [each["category"] for each in nf4["by_category"]] == ["facts", "story"]
    assert document["protocol"]["text"] == {
        "context_length": 512,
        "scored": "the second half of each window",
        "texts": [{"name": "text0.txt", "bytes": 360}],
    }


def test_without_text_divergence_is_on_the_suite() -> None:
    document = check(sweep_document(snapshot_of(sweep_request(texts=0))))
    assert document["divergence_on"] == "suite"
    assert document["variants"][1]["divergence"] == document["variants"][1]["suite"]
    assert (document["variants"][1]["text"], document["protocol"]["text"]) == (None, None)


def test_what_went_wrong_and_what_is_not_known_keeps_the_schema() -> None:
    row = {"failure": "out of memory", "text": None, "suite": None, "by_category": (), "peak_bytes": None}
    made = snapshot_of(sweep_request(), 3, nf4=row, failure="the disk\ud83d is full", loads=())
    short = sweep_divergence(0.0, same_top_standard_error=None, noise_multiple=None, smallest_detectable_nats=None)
    short = replace(short, kl_divergence=replace(short.kl_divergence, standard_error=None))
    rows = tuple(replace(each, text=short) if each.text else each for each in made.result.variants)
    document = check(sweep_document(replace(made, result=replace(made.result, variants=rows))))
    assert document["variants"][2]["failed"] == "out of memory"
    assert document["variants"][1]["divergence"]["same_top_standard_error"] is None
    assert document["progress"]["cells_done"] == 3
    assert document["failure"].startswith("the disk")


def test_a_gate_keeps_the_schema() -> None:
    made = snapshot_of(sweep_request())
    checks = check_sweep_limits(made, parse_sweep_limits(["story:same_top<0.9"], made.request))
    check(sweep_document(made) | {"gate": gate_document(checks)})


@pytest.mark.parametrize("spoiled", [{"schema_version": 2}, {"kind": "compare"}, {"variants": [{}]}, {"verdict": {}}])
def test_the_schema_refuses_what_is_no_sweep(spoiled: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        check(sweep_document(whole()) | spoiled)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(sweep_schema()))
