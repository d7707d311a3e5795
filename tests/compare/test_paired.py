"""Paired mean KL: what it gives, by hand and at its edges. How sure it is: ``test_paired_coverage``."""

from __future__ import annotations

import math

import numpy as np
import pytest
from heavy_tails import World
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from quanttui.compare.paired import compare_kl, detection_factor

BLOCKS = [2, 2, 2, 2]
FIRST = [0.1, 0.3, 0.2, 0.2, 0.5, 0.1, 0.4, 0.2]
SECOND = [0.1, 0.1, 0.1, 0.2, 0.2, 0.1, 0.2, 0.1]


def test_the_ratio_and_its_interval_are_the_jackknifes():
    pair = compare_kl(FIRST, SECOND, BLOCKS)
    sums = np.array(FIRST).reshape(4, 2).sum(1), np.array(SECOND).reshape(4, 2).sum(1)
    logs = np.array([math.log((2.0 - a) / (1.1 - b)) for a, b in zip(*sums, strict=True)])
    error = math.sqrt(3 / 4 * ((logs - logs.mean()) ** 2).sum())
    assert (pair.first, pair.second) == pytest.approx((0.25, 0.1375))
    assert pair.difference == pytest.approx(0.1125)
    assert pair.ratio == pytest.approx(2.0 / 1.1)
    reach = stats.t.ppf(0.975, 2) * error
    assert math.log(pair.ratio_interval.high / pair.ratio) == pytest.approx(reach)
    assert math.log(pair.ratio / pair.ratio_interval.low) == pytest.approx(reach)
    assert pair.p_value == pytest.approx(2 * stats.t.sf(math.log(pair.ratio) / error, 2))
    factor = stats.t.ppf(0.975, 2) + stats.t.ppf(0.8, 2)
    assert pair.smallest_detectable == pytest.approx(0.1375 * math.expm1(factor * error))


@given(st.integers(0, 10_000), st.floats(0.3, 4))
@settings(max_examples=40)
def test_the_interval_of_the_difference_tells_apart_what_the_ratio_does(seed, mean):
    first, second = World(blocks=12, tokens=20).draw(np.random.default_rng(seed), [0.01 * mean, 0.01])
    pair = compare_kl(first, second, [20] * 12)
    assert pair.interval.low <= pair.difference <= pair.interval.high
    if abs(pair.p_value - 0.05) > 0.005:  # the interval is laid out on points, the test is not
        assert (pair.interval.low > 0 or pair.interval.high < 0) is (pair.p_value < 0.05)


@given(st.integers(0, 10_000))
@settings(max_examples=25)
def test_exchanging_the_candidates_changes_signs_only(seed):
    first, second = World(blocks=8, tokens=16).draw(np.random.default_rng(seed), [0.02, 0.01])
    there, back = compare_kl(first, second, [16] * 8), compare_kl(second, first, [16] * 8)
    assert back.p_value == pytest.approx(there.p_value)
    assert back.difference == -there.difference
    assert back.ratio == pytest.approx(1 / there.ratio)
    assert back.smallest_detectable == pytest.approx(there.smallest_detectable)
    assert (back.interval.low, back.interval.high) == pytest.approx((-there.interval.high, -there.interval.low))


@given(st.floats(1e-3, 1e3))
@settings(max_examples=20)
def test_units_do_not_matter(scale):
    first, second = World(blocks=8, tokens=16).draw(np.random.default_rng(1), [0.02, 0.01])
    plain, scaled = (compare_kl(first * by, second * by, [16] * 8) for by in (1.0, scale))
    assert scaled.p_value == pytest.approx(plain.p_value)
    assert scaled.interval.low == pytest.approx(scale * plain.interval.low, rel=1e-6)


def test_below_four_blocks_there_are_means_and_no_more():
    pair = compare_kl(FIRST, SECOND, [3, 3, 2])
    assert pair.ratio == pytest.approx(2.0 / 1.1)
    assert (pair.interval, pair.ratio_interval, pair.p_value, pair.smallest_detectable) == (None, None, None, None)


def test_a_candidate_and_itself_cannot_be_told_apart():
    pair = compare_kl(FIRST, FIRST, BLOCKS)
    assert (pair.difference, pair.p_value) == (0.0, 1.0)


def test_a_constant_factor_is_certain():
    pair = compare_kl(np.multiply(FIRST, 3.0), FIRST, BLOCKS)
    assert pair.p_value == 0.0
    assert pair.ratio_interval.low == pytest.approx(3.0)
    assert pair.interval.low > 0


@pytest.mark.parametrize("second", [np.zeros(8), [0.0] * 7 + [0.3]])
def test_a_candidate_that_is_the_reference_has_no_ratio_but_a_difference(second):
    pair = compare_kl(FIRST, second, BLOCKS)
    differences = (np.array(FIRST) - second).reshape(4, 2).mean(1)
    expected = stats.ttest_1samp(differences, 0.0)
    assert pair.ratio is None
    assert pair.p_value == pytest.approx(expected.pvalue)
    assert pair.interval.low == pytest.approx(expected.confidence_interval().low)


def test_what_is_beyond_all_measure_is_still_a_number():
    wild = np.array([1e-8] * 6 + [50.0, 1e-8])
    pair = compare_kl(wild, wild[::-1], BLOCKS, tests=90)
    numbers = [pair.interval.low, pair.interval.high, pair.ratio_interval.low, pair.ratio_interval.high, pair.p_value]
    assert all(math.isfinite(number) for number in numbers)
    assert pair.smallest_detectable is None


def test_more_comparisons_take_a_larger_difference():
    assert detection_factor(14, 1) == pytest.approx(stats.t.ppf(0.975, 14) + stats.t.ppf(0.8, 14))
    assert detection_factor(14, 12) == pytest.approx(stats.t.ppf(1 - 0.025 / 12, 14) + stats.t.ppf(0.8, 14))


@pytest.mark.parametrize(("second", "blocks"), [(SECOND[:-1], BLOCKS), (SECOND, [2, 2, 2]), ([], [])])
def test_figures_of_other_tokens_are_refused(second, blocks):
    with pytest.raises(ValueError, match="one value a token"):
        compare_kl(FIRST if second else [], second, blocks)
