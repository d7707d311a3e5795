"""Limits for pipelines: what can be asked, how it is judged, and that what cannot be read never passes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quanttui.errors import MeasurementError, UsageError
from quanttui.records import CandidateSummary, Run
from quanttui.runs.divergence_document import divergence_document
from quanttui.runs.gate import FIGURES, check_limits, gate_document, parse_limit
from quanttui.variants import parse_variant


@pytest.fixture
def run(make_run) -> Run:
    return make_run("int8", "nf4")


def figure(run: Run, name: str, index: int = 0) -> float:
    value = divergence_document(run.summaries[index].divergence)
    for part in name.split("."):
        value = value[part]
    return value


def test_every_number_of_the_summary_can_be_limited(run: Run) -> None:
    assert {"kl_divergence.mean", "kl_divergence.p99", "same_top", "flips.real", "ln_perplexity_ratio"} <= set(FIGURES)
    for name in FIGURES:
        assert parse_limit(f"{name}>1").figure == name


@pytest.mark.parametrize("sign", [">", "<", ">=", "<="])
def test_a_figure_at_its_limit_is_past_it_only_where_the_sign_says_so(run: Run, sign: str) -> None:
    value = figure(run, "same_top")
    (check,) = check_limits(run, [parse_limit(f"int8:same_top{sign}{value!r}")])
    assert check.is_exceeded is ("=" in sign)
    assert check.distance == 0


def test_a_limit_is_read_against_every_candidate_unless_it_names_one(run: Run) -> None:
    checks = check_limits(run, [parse_limit("same_top<=1"), parse_limit(" nf4:kl_divergence.mean > 1e9 ")])
    assert [(check.variant.spelling, check.is_exceeded) for check in checks] == [
        ("int8", True),
        ("nf4", True),
        ("nf4", False),
    ]


@pytest.mark.parametrize(("distance", "beyond"), [(1.9, False), (2.0, True)])
def test_beyond_its_error_means_outside_the_95_percent_interval(run: Run, distance: float, beyond: bool) -> None:
    divergence = replace(run.summaries[0].divergence, same_top=0.9, same_top_standard_error=0.01)
    run = replace(run, summaries=(CandidateSummary(parse_variant("int8"), divergence),))
    (check,) = check_limits(run, [parse_limit(f"same_top<{0.9 + distance * 0.01}")])
    assert check.is_exceeded
    assert check.is_beyond_error is beyond


def test_a_share_of_all_has_no_error_to_be_beyond(run: Run) -> None:
    divergence = replace(run.summaries[0].divergence, tokens=1, same_top=1.0, same_top_standard_error=0.0)
    run = replace(run, summaries=(CandidateSummary(parse_variant("int8"), divergence),))
    (check,) = check_limits(run, [parse_limit("same_top>0.5")])
    assert check.is_exceeded
    assert check.is_beyond_error is None


def test_a_figure_whose_error_is_not_known_says_so(run: Run) -> None:
    (check, _) = check_limits(run, [parse_limit("flips.real>=0")])
    assert check.is_exceeded
    assert check.is_beyond_error is None


@pytest.mark.parametrize(
    "text", ["", "same_top", "same_top<", "same_top=0.9", "<0.9", "same_top<nan", "same_top<inf", "same_top<x", "a b<1"]
)
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_limit(text)


def test_a_misspelt_figure_gets_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="kl_divergence"):
        parse_limit("kl_divergence.meen>0.1")


def test_a_figure_that_was_not_measured_never_passes(run: Run) -> None:
    divergence = replace(run.summaries[0].divergence, smallest_detectable_nats=None, perplexity_candidate=float("inf"))
    run = replace(run, summaries=(CandidateSummary(parse_variant("int8"), divergence),))
    for name in ("smallest_detectable_nats", "perplexity_candidate"):
        with pytest.raises(MeasurementError, match=name):
            check_limits(run, [parse_limit(f"{name}>100")])


def test_a_limit_on_nothing_never_passes(run: Run) -> None:
    with pytest.raises(MeasurementError):
        check_limits(replace(run, summaries=()), [parse_limit("same_top<0.5")])
    with pytest.raises(UsageError, match="fp4"):
        check_limits(run, [parse_limit("fp4:same_top<0.5")])


def test_the_document_says_what_was_checked(run: Run) -> None:
    limit = parse_limit("nf4:same_top<0.5")
    (row,) = gate_document(check_limits(run, [limit]))
    assert (row["limit"], row["variant"], row["exceeded"]) == ("nf4:same_top<0.5", "nf4", False)
    assert row["figure"] == figure(run, "same_top", 1)


@pytest.mark.parametrize(("text", "hint"), [("same_top>95", "same_top>0.95"), ("nf4:same_top<99.5", "same_top<0.995")])
def test_a_percentage_where_a_share_belongs_is_refused_with_the_share(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match="is a share from 0 to 1") as caught:
        parse_limit(text)
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["same_top<-0.1", "same_top>101"])
def test_a_share_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is a share from 0 to 1"):
        parse_limit(text)
