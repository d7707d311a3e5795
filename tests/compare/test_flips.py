"""McNemar's test and what surrounds it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from quanttui.compare.flips import compare_flips, mcnemar
from quanttui.compare.multiplicity import holm


@settings(max_examples=50)
@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_scipys_binomial_test(only_first, only_second):
    draws = only_first + only_second
    expected = stats.binomtest(only_first, draws, 0.5).pvalue if draws else 1.0
    assert mcnemar(only_first, only_second) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_of_many_flips_is_still_exact():
    assert mcnemar(4_000, 4_400) == pytest.approx(stats.binomtest(4_000, 8_400, 0.5).pvalue, rel=1e-9)
    assert mcnemar(0, 3_000) == 0.0


def test_the_places_are_counted_where_just_one_keeps_the_choice():
    first = np.array([1, 1, 0, 0, 1, 1, 1, 0], dtype=bool)
    second = np.array([1, 0, 1, 0, 0, 0, 1, 0], dtype=bool)
    flips = compare_flips(first, second, [8])
    assert (flips.only_first, flips.only_second, flips.tokens) == (3, 1, 8)
    assert flips.difference == 0.25
    assert flips.p_value == pytest.approx(mcnemar(3, 1))


def test_flips_that_come_in_one_window_are_no_evidence():
    """Twenty in a row for the exact test, one window for who believes that windows are what is independent."""
    first, second = np.ones(320, dtype=bool), np.ones(320, dtype=bool)
    second[:20] = False
    assert mcnemar(20, 0) < 1e-5
    assert compare_flips(first, second, [20] * 16).p_value > 0.3
    second[:] = True
    second[::16] = False
    assert compare_flips(first, second, [20] * 16).p_value == pytest.approx(mcnemar(20, 0))


def test_without_blocks_enough_the_exact_test_stands_alone():
    first, second = np.ones(60, dtype=bool), np.arange(60) >= 10
    assert compare_flips(first, second, [20, 20, 20]).p_value == mcnemar(10, 0)


def test_no_flips_cannot_be_told_apart_and_six_are_the_fewest_that_can():
    same = np.ones(400, dtype=bool)
    flips = compare_flips(same, same, [400])
    assert flips.p_value == 1.0
    assert flips.smallest_detectable == 6 / 400
    assert mcnemar(0, 6) <= 0.05 < mcnemar(0, 5)
    assert compare_flips(same, same, [400], tests=12).smallest_detectable == 9 / 400
    assert mcnemar(0, 9) <= 0.05 / 12 < mcnemar(0, 8)


def test_the_smallest_detectable_share_is_found_four_times_of_five():
    generator, found, trials = np.random.default_rng(9), 0, 300
    tokens, discordant = 4_000, 0.05
    limit = (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * math.sqrt(tokens * discordant) / tokens
    for _ in range(trials):
        differ = generator.random(tokens) < discordant
        first_keeps = generator.random(tokens) < 0.5 + limit / (2 * discordant)
        flips = compare_flips(~differ | first_keeps, ~differ | ~first_keeps, [tokens])
        assert flips.smallest_detectable == pytest.approx(limit, rel=0.25)
        found += flips.p_value <= 0.05
    assert 0.7 <= found / trials <= 0.9


def test_figures_of_other_tokens_are_refused():
    with pytest.raises(ValueError, match="one value a token"):
        compare_flips([True, False], [True], [2])


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_keeps_the_order_lies_above_the_p_values_and_below_bonferroni(p_values):
    adjusted = holm(p_values)
    for p, q in zip(p_values, adjusted, strict=True):
        assert min(1.0, p) <= q <= min(1.0, len(p_values) * p) + 1e-12
    ranked = [adjusted[index] for index in np.argsort(p_values, kind="stable")]
    assert ranked == sorted(ranked)
