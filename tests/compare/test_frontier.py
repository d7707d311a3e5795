"""Which points no other beats, on tables by hand and by its properties."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanttui.compare.frontier import Point, place
from quanttui.compare.statistics import log_interval
from quanttui.records import Interval


def point(memory, divergence, error=0.0):
    return Point(memory, divergence, Interval(divergence - error, divergence + error))


TABLE = [
    point(160, 0.0),
    point(91, 0.012, 0.001),
    point(60, 0.031, 0.002),
    point(57, 0.033, 0.002),
    point(60, 0.062, 0.003),
]


def test_a_table_by_hand():
    placed = place(TABLE)
    assert [at.dominated_by for at in placed] == [None, None, None, None, 3]
    assert [at.on_line for at in placed] == [True, True, True, True, False]


def test_points_whose_errors_overlap_are_not_called_dominated_though_the_line_passes_below():
    (worse, better) = place([point(60, 0.034, 0.002), point(57, 0.033, 0.002)])
    assert worse.dominated_by is None
    assert not worse.on_line
    assert better.on_line


def test_a_paired_test_goes_before_the_intervals():
    points = [point(60, 0.034, 0.002), point(57, 0.033, 0.002)]
    assert [at.dominated_by for at in place(points, lambda better, worse: (better, worse) == (1, 0))] == [1, None]
    assert [at.dominated_by for at in place([point(60, 0.9), point(57, 0.1)], lambda *_: False)] == [None, None]


def test_what_is_not_known_dominates_nothing_and_is_not_dominated():
    assert [at.dominated_by for at in place([Point(10, 0.1, None), point(20, 0.5, 0.01)])] == [None, None]
    assert [at.dominated_by for at in place([point(10, 0.1, 0.01), Point(20, 0.5, None)])] == [None, None]


def test_equal_points_do_not_beat_each_other():
    assert [(at.dominated_by, at.on_line) for at in place([point(5, 0.1), point(5, 0.1)])] == [(None, True)] * 2


def test_one_point_and_none():
    assert place([]) == ()
    assert place([point(5, 0.1)])[0].on_line


POINTS = st.lists(st.builds(point, st.integers(1, 50), st.floats(0, 1), st.floats(0, 0.2)), min_size=1, max_size=12)


@settings(max_examples=40)
@given(POINTS)
def test_what_dominates_takes_no_more_and_is_clearly_better(points):
    for mine, at in zip(points, place(points), strict=True):
        if at.dominated_by is None:
            continue
        rival = points[at.dominated_by]
        assert rival.memory_bytes <= mine.memory_bytes
        assert rival.interval.high < mine.interval.low
        assert not at.on_line


@settings(max_examples=40)
@given(POINTS)
def test_the_line_falls_as_memory_grows_and_lies_on_the_frontier(points):
    placed = place(points)
    line = sorted({(p.memory_bytes, p.divergence) for p, at in zip(points, placed, strict=True) if at.on_line})
    assert line
    assert all(at.dominated_by is None for at in placed if at.on_line)
    assert [divergence for _, divergence in line] == sorted((d for _, d in line), reverse=True)
    assert len({memory for memory, _ in line}) == len(line)


@settings(max_examples=40)
@given(POINTS, st.integers(1, 50))
def test_a_point_that_is_worse_in_all_changes_nothing_for_the_others(points, more):
    worst = point(max(p.memory_bytes for p in points) + more, 3.0)
    placed = place([*points, worst])
    assert placed[:-1] == place(points)
    assert placed[-1].dominated_by is not None


def test_the_interval_of_a_mean_stays_above_zero():
    interval = log_interval(0.01, 0.008)
    assert 0 < interval.low < 0.01 < interval.high
    assert interval.low * interval.high == pytest.approx(1e-4)
    assert log_interval(0.01, 0.008, 3).high > interval.high
    assert log_interval(0.01, None) is None
    assert log_interval(0.0, 0.0) == Interval(0.0, 0.0)
