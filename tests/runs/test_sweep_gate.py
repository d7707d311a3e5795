"""Limits on a sweep: by variant, by part and by category, and that what cannot be read never passes."""

from __future__ import annotations

import pytest
from sweep_helpers import snapshot_of, sweep_request

from quanttui.errors import MeasurementError, UsageError
from quanttui.records import SweepPart
from quanttui.runs.gate import LimitCheck, gate_document
from quanttui.runs.sweep_gate import check_sweep_limits, parse_sweep_limits

REQUEST = sweep_request()


def checks_of(*texts: str) -> list[LimitCheck]:
    return check_sweep_limits(snapshot_of(REQUEST), parse_sweep_limits(texts, REQUEST))


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("kl_divergence.mean>0.02", [("int8", 0.012, False), ("nf4", 0.031, True)]),
        ("text:kl_divergence.mean>0.02", [("int8", 0.012, False), ("nf4", 0.031, True)]),
        ("suite:kl_divergence.mean>0.02", [("int8", 0.024, True), ("nf4", 0.062, True)]),
        ("nf4:facts:kl_divergence.mean>0.06", [("nf4", 0.0465, False)]),
        ("nf4:kl_divergence.mean > 0.06", [("nf4", 0.031, False)]),
        (" int8:suite:kl_divergence.mean>=0.024", [("int8", 0.024, True)]),
    ],
)
def test_a_limit_is_read_where_it_says(text: str, figures: list[tuple[str, float, bool]]) -> None:
    found = [(check.variant.spelling, check.figure, check.is_exceeded) for check in checks_of(text)]
    assert found == [(name, pytest.approx(value), exceeded) for name, value, exceeded in figures]


def test_the_document_says_what_each_figure_is_on() -> None:
    rows = gate_document(checks_of("nf4:same_top<0.5", "nf4:story:same_top<0.5"))
    assert [(row["part"], row["category"], row["tokens"]) for row in rows] == [
        ("text", None, 8_000),
        ("suite", "story", 2_000),
    ]


def test_without_text_a_limit_is_read_on_the_suite() -> None:
    request = sweep_request(texts=0)
    (check,) = check_sweep_limits(snapshot_of(request), parse_sweep_limits(["nf4:same_top<0.5"], request))
    assert (check.part, check.tokens) == (SweepPart.SUITE, 4_000)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("code:same_top<0.5", "code"),
        ("fp4:same_top<0.5", "names no candidate"),
        ("bf16:same_top<0.5", "names no candidate"),
        ("same_top>95", "is a share"),
        ("suite:same_tap<0.5", "no figure"),
    ],
)
def test_what_is_not_swept_is_refused_before_anything_runs(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_sweep_limits([text], REQUEST)


@pytest.mark.parametrize(("part", "given"), [("suite", {"prompts": 0}), ("text", {"texts": 0})])
def test_a_part_that_is_not_swept_is_refused_with_how_to_add_it(part: str, given: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="not swept") as caught:
        parse_sweep_limits([f"{part}:same_top<0.5"], sweep_request(**given))  # type: ignore[arg-type]  # each its own
    assert "--" in caught.value.hint


def test_a_category_that_is_called_like_nothing_else_can_be_named() -> None:
    limits = parse_sweep_limits(["facts:same_top<0.5", "nf4:facts:same_top<0.5"], REQUEST)
    assert [(limit.variant is None, limit.scope) for limit in limits] == [(True, "facts"), (False, "facts")]


@pytest.mark.parametrize("change", [{"failure": "out of memory"}, {"text": None}])
def test_what_was_not_measured_does_not_pass(change: dict[str, object]) -> None:
    snapshot = snapshot_of(REQUEST, nf4=change)
    with pytest.raises(MeasurementError, match="nf4 was not measured to the end"):
        check_sweep_limits(snapshot, parse_sweep_limits(["same_top<0.5"], REQUEST))
    assert check_sweep_limits(snapshot, parse_sweep_limits(["int8:same_top<0.5"], REQUEST))
