"""Summaries of token scores, by hand."""

from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from score_makers import KIND, score, score_of, token

from quanttui.compare.divergence import summarize
from quanttui.errors import MeasurementError
from quanttui.records import FlipKind, NoiseFloor


def test_every_figure_of_a_small_text():
    rows = [
        token(0, kl=0.1, p=0.5, q=0.4, max_p=0.5),
        token(1, kl=0.3, p=0.2, q=0.3, flip=FlipKind.REAL, max_p=0.2),
        token(2, kl=0.2, p=0.8, q=0.8, flip=FlipKind.TIE, max_p=0.8),
        token(3, kl=0.0, p=1.0, q=0.9, max_p=1.0),
    ]
    summary = summarize([score(rows, floor=0.05)])
    assert (summary.tokens, summary.scope) == (4, "within this text")
    assert summary.kl_divergence.mean == pytest.approx(0.15)
    assert summary.kl_divergence.median == pytest.approx(0.15)
    assert summary.kl_divergence.max == 0.3
    assert summary.kl_divergence.p90 == pytest.approx(np.quantile([0.1, 0.3, 0.2, 0.0], 0.9))
    assert summary.kl_divergence.standard_error is None
    assert summary.same_top == 0.5
    assert summary.same_top_standard_error == pytest.approx(0.25)
    assert summary.delta_p_mean == pytest.approx(-2.5)
    assert summary.rms_delta_p == pytest.approx(math.sqrt(300 / 4))
    assert summary.perplexity_reference == pytest.approx((0.5 * 0.2 * 0.8) ** -0.25)
    assert summary.perplexity_candidate == pytest.approx((0.4 * 0.3 * 0.8 * 0.9) ** -0.25)
    ratio = math.log(summary.perplexity_candidate / summary.perplexity_reference)
    assert summary.ln_perplexity_ratio == pytest.approx(ratio)
    assert (summary.tie_flips, summary.real_flips) == (1, 1)
    assert summary.noise_floor == NoiseFloor(0.05, KIND, 4)
    assert summary.noise_multiple == pytest.approx(3.0)
    assert summary.smallest_detectable_nats is None
    assert [bucket.tokens for bucket in summary.by_confidence] == [1, 0, 1, 1, 1]


def test_buckets_begin_at_their_lower_edge_and_the_last_one_holds_certainty():
    edges = [0.0, 0.2499, 0.25, 0.5, 0.75, 0.95, 1.0, 1.0000000001]
    rows = [token(index, kl=index, max_p=value) for index, value in enumerate(edges)]
    buckets = summarize([score(rows)]).by_confidence
    assert [(bucket.low, bucket.high) for bucket in buckets] == [
        (0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 0.95), (0.95, 1.0)
    ]  # fmt: skip
    assert [bucket.tokens for bucket in buckets] == [2, 1, 1, 1, 3]
    assert [bucket.kl_mean for bucket in buckets] == [0.5, 2.0, 3.0, 4.0, 6.0]


def test_an_empty_bucket_has_no_figures():
    bucket = summarize([score_of([0.1])]).by_confidence[0]
    assert (bucket.tokens, bucket.kl_mean, bucket.same_top) == (0, None, None)


@pytest.mark.parametrize(
    ("lengths", "scope"),
    [
        ([100], "within this text"),
        ([3], "within this text"),
        ([40, 40], "within these 2 texts"),
        ([20] * 6, "over 6 texts"),
    ],
)
def test_the_scope_says_what_the_errors_speak_of(lengths, scope):
    assert summarize([score_of([0.1] * length) for length in lengths]).scope == scope


def test_a_text_read_in_windows_is_blocked_by_window():
    kls = np.random.default_rng(0).random(100)
    summary = summarize([score_of(kls, windows=(20, 30, 25, 25))])
    assert summary.scope == "over 4 windows"
    by_texts = summarize([score_of(part) for part in np.split(kls, [20, 50, 75])])
    assert summary.kl_divergence.standard_error == pytest.approx(by_texts.kl_divergence.standard_error)


def test_pooling_weighs_tokens_alike():
    pooled = summarize([score_of([0.1] * 10, floor=1e-3), score_of([0.4] * 30, floor=3e-3)])
    assert pooled.kl_divergence.mean == pytest.approx(0.325)
    assert pooled.noise_floor == NoiseFloor(pytest.approx(2.5e-3), KIND, 40)


@given(st.lists(st.floats(0, 5), min_size=1, max_size=200), st.floats(0, 1))
def test_no_summary_holds_a_number_that_is_none(kls, floor):
    def numbers(value):
        for item in value:
            if isinstance(item, tuple):
                yield from numbers(item)
            elif isinstance(item, float):
                yield item

    assert all(math.isfinite(number) for number in numbers(astuple(summarize([score_of(kls, floor=floor)]))))


@given(st.lists(st.floats(0, 5), min_size=2, max_size=100))
def test_quantiles_are_in_order(kls):
    kl = summarize([score_of(kls)]).kl_divergence
    assert kl.median <= kl.p90 <= kl.p95 <= kl.p99 <= kl.p99_9 <= kl.max


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([], "no token"),
        ([score([])], "no token"),
        ([score([token(kl=math.nan)])], "NaN"),
        ([score([token(q=math.inf)])], "NaN"),
        ([score([token(q=0.0)])], "too small"),
        ([score([token()], floor=math.nan)], "noise floor is not known"),
        ([score([token()]), score([token()], kind="fp32 vs its bf16 cast")], "different kinds"),
    ],
)
def test_figures_that_would_mean_nothing_are_refused(bad, message):
    with pytest.raises(MeasurementError, match=message):
        summarize(bad)


def test_the_verdict_names_both_models():
    text = summarize([score_of([0.5] * 100)], reference="bf16", candidate="nf4").verdict.text
    assert "nf4 picks bf16's next word" in text


@pytest.mark.parametrize("floor", [0.0, 1e-12])
def test_a_floor_of_zero_to_rounding_has_no_multiple(floor):
    summary = summarize([score_of([0.5] * 100, floor=floor)])
    assert summary.noise_multiple is None
    assert summary.noise_floor.mean == floor
