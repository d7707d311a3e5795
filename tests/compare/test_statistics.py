"""Errors that mean what they say, on data whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from quanttui.compare.statistics import (
    blocks_of,
    quantiles,
    share_standard_error,
    smallest_detectable,
    standard_error,
)


def correlated(generator, tokens, correlation=0.5):
    """Positive, heavy-tailed, correlated over neighbours: exp of an AR(1) walk. Its mean is exp(1/2)."""
    walk = np.empty(tokens)
    walk[0] = generator.standard_normal()
    shocks = math.sqrt(1 - correlation**2) * generator.standard_normal(tokens)
    for index in range(1, tokens):
        walk[index] = correlation * walk[index - 1] + shocks[index]
    return np.exp(walk)


def test_one_text_is_cut_into_blocks_of_sixteen_and_the_rest_joins_the_last():
    assert blocks_of([64]) == [16, 16, 16, 16]
    assert blocks_of([79]) == [16, 16, 16, 31]
    assert blocks_of([10]) == [10]
    assert blocks_of([40, 0, 33]) == [16, 24, 16, 17]


def test_four_texts_or_more_are_blocks_themselves():
    assert blocks_of([40, 41, 100, 3]) == [40, 41, 100, 3]


@given(st.lists(st.integers(0, 200), max_size=9))
def test_blocks_cover_every_token_once(lengths):
    blocks = blocks_of(lengths)
    assert sum(blocks) == sum(lengths)
    assert all(size > 0 for size in blocks)


def test_below_four_blocks_there_is_no_error():
    assert standard_error(np.arange(63.0), blocks_of([63])) is None
    assert standard_error(np.arange(64.0), blocks_of([64])) is not None


def test_with_equal_blocks_it_is_the_batch_means_error():
    values = np.random.default_rng(3).random(160)
    means = values.reshape(10, 16).mean(axis=1)
    assert standard_error(values, [16] * 10) == pytest.approx(means.std(ddof=1) / math.sqrt(10), rel=1e-12)


@pytest.mark.parametrize("tokens", [320, 1600])
def test_the_error_of_one_text_covers_the_truth_about_as_often_as_it_claims(tokens):
    """95 % intervals over 600 texts of correlated, skewed values. Batch means fall a little short of 95 %, since
    neighbouring blocks touch and the skew is heavy; the naive error, shown beside it, falls far short."""
    generator = np.random.default_rng(tokens)
    blocks = blocks_of([tokens])
    width = stats.t.ppf(0.975, len(blocks) - 1)
    covered = naive = 0
    for _ in range(600):
        values = correlated(generator, tokens)
        miss = abs(values.mean() - math.exp(0.5))
        covered += miss <= width * standard_error(values, blocks)
        naive += miss <= 1.96 * values.std(ddof=1) / math.sqrt(tokens)
    assert 0.88 <= covered / 600 <= 0.975
    assert naive < covered - 30


def test_the_error_over_texts_covers_what_differs_from_text_to_text():
    """Texts of unequal length, each with a level of its own: blocks inside a text would not see it."""
    generator = np.random.default_rng(11)
    covered = 0
    for _ in range(600):
        lengths = generator.integers(30, 90, size=12).tolist()
        values = np.concatenate(
            [correlated(generator, n) * math.exp(0.5 * generator.standard_normal()) for n in lengths]
        )
        error = standard_error(values, blocks_of(lengths))
        covered += abs(values.mean() - math.exp(0.5 + 0.125)) <= stats.t.ppf(0.975, 11) * error
    assert 0.88 <= covered / 600 <= 0.975


def test_of_texts_that_are_all_alike_the_error_is_zero():
    assert standard_error(np.full(64, 0.3), [16] * 4) == 0.0


def test_the_error_of_a_share_is_the_binomial_one():
    assert share_standard_error(0.94, 100) == pytest.approx(math.sqrt(0.94 * 0.06 / 100))
    assert share_standard_error(1.0, 100) == 0.0


def test_what_could_have_been_seen_is_told_as_the_formula_says():
    factor = stats.t.ppf(0.975, 9) + stats.t.ppf(0.8, 9)
    expected = 1e-4 * math.expm1(math.sqrt(2) * factor * 0.004 / 0.03)
    assert smallest_detectable(0.03, 0.004, 10, 1e-4) == pytest.approx(expected, rel=0.01)
    assert smallest_detectable(0.03, 0.004, 10, 0.0) == pytest.approx(factor * 0.004, rel=0.01)
    assert smallest_detectable(0.03, None, 3, 1e-4) is None


def test_noise_is_seldom_found_and_what_is_twice_the_detectable_mostly_is():
    """A candidate that is noise of the floor's own kind, and one that stands at the limit: 5 % and 80 %, about."""
    generator = np.random.default_rng(5)
    blocks = blocks_of([480])
    false_alarms = found = 0
    for _ in range(400):
        floor, noise = (float(correlated(generator, 480).mean()) for _ in range(2))
        values = correlated(generator, 480)
        error = standard_error(values, blocks)
        limit = smallest_detectable(float(values.mean()), error, len(blocks), floor)
        false_alarms += values.mean() - floor >= limit
        stretched = values * (1 + 2 * limit / floor)
        found += stretched.mean() - noise >= smallest_detectable(
            float(stretched.mean()), standard_error(stretched, blocks), len(blocks), noise
        )
    assert false_alarms / 400 <= 0.05
    assert found / 400 >= 0.8


def test_quantiles_lie_between_the_nearest_observations():
    assert quantiles([0.0, 1.0, 2.0, 3.0], [0.5, 0.9, 1.0]) == pytest.approx([1.5, 2.7, 3.0])
