"""Student's distribution, against SciPy's."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from quanttui.compare.student import student_quantile, two_sided_p


@settings(max_examples=50)
@given(st.floats(0, 60), st.integers(1, 400))
def test_the_tails_are_those_of_scipy(statistic, degrees):
    expected = 2 * stats.t.sf(statistic, degrees)
    assert two_sided_p(statistic, degrees) == pytest.approx(expected, rel=1e-6, abs=1e-13)
    assert two_sided_p(-statistic, degrees) == two_sided_p(statistic, degrees)


@pytest.mark.parametrize("degrees", [1, 2, 3, 5, 12, 99, 9_999])
@pytest.mark.parametrize("probability", [0.5, 0.1, 0.8, 0.975, 0.99972])
def test_the_quantiles_are_those_of_scipy(probability, degrees):
    assert student_quantile(probability, degrees) == pytest.approx(
        stats.t.ppf(probability, degrees), rel=1e-8, abs=1e-9
    )


def test_many_degrees_are_the_normal_distribution():
    assert two_sided_p(1.96, 50_000) == pytest.approx(2 * stats.norm.sf(1.96), rel=1e-12)
    assert student_quantile(0.975, 10**6) == pytest.approx(stats.norm.ppf(0.975), rel=1e-12)


def test_nothing_lies_beyond_infinity_and_all_beyond_zero():
    assert two_sided_p(math.inf, 7) == pytest.approx(0.0, abs=1e-15)
    assert two_sided_p(0.0, 7) == 1.0
