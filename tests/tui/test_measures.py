"""Sizes, times and ratios as they are written; what is not known is never 0."""

from __future__ import annotations

import pytest

from quanttui.tui import measures


@pytest.mark.parametrize(
    ("count", "shown"),
    [(None, "n/a"), (0, "0 B"), (14_684_160, "14.7 MB"), (6_030_000_000, "6.03 GB"), (16_060_522_496, "16.1 GB")],
)
def test_weights_are_written_in_decimal_units(count: int | None, shown: str):
    assert measures.weight_bytes(count) == shown


@pytest.mark.parametrize(("count", "shown"), [(None, "n/a"), (512 * 2**20, "512 MiB"), (5 * 2**30, "5.0 GiB")])
def test_memory_is_written_in_binary_units(count: int | None, shown: str):
    assert measures.memory_bytes(count) == shown


@pytest.mark.parametrize(
    ("duration", "shown"), [(None, "n/a"), (0.0244, "24 ms"), (0.42, "0.42 s"), (12.0, "12.0 s"), (65, "1 min 05 s")]
)
def test_times(duration: float | None, shown: str):
    assert measures.seconds(duration) == shown


def test_a_ratio_needs_both_numbers():
    assert measures.ratio(6.0, 16.0) == "0.38×"
    assert measures.ratio(None, 16.0) == measures.ratio(6.0, None) == measures.ratio(6.0, 0) == ""


def test_a_bar_is_always_as_wide_as_asked():
    for share in (None, -1.0, 0.0, 0.33, 1.0, 7.0):
        filled, rest = measures.bar(share, 12)
        assert len(filled) + len(rest) == 12


def test_the_newest_value_of_a_history_stands_at_its_right_end():
    assert measures.spark([1.0, 8.0], 5, top=8.0) == "   ▁█"
    assert measures.spark([], 3) == "   "


def test_health_says_what_is_missing():
    assert measures.health(87, None, 61) == "87 % · n/a W · 61 °C"
