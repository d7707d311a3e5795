"""Figures are rounded into the right unit, and what is not known is never a number."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from quanttui.units import (
    format_bytes,
    format_count,
    format_foretold,
    format_gib,
    format_memory,
    format_multiple,
    format_nats,
    format_option,
    format_percent,
    format_points,
    format_ratio,
    format_seconds,
)

CASES = [
    (format_bytes, 0, "0 B"),
    (format_bytes, 999, "999 B"),
    (format_bytes, 1000, "1.0 kB"),
    (format_bytes, 14_700_000, "14.7 MB"),
    (format_bytes, 16_060_000_000, "16.1 GB"),
    (format_bytes, -14_700_000, "-14.7 MB"),
    (format_memory, 412 * 2**20, "412.0 MiB"),
    (format_memory, 65_713_000_000, "61.2 GiB"),
    (format_gib, 65_713_000_000, "61.2 GiB"),
    (format_gib, 412 * 2**20, "0.4 GiB"),
    (format_count, 512, "512"),
    (format_count, 7_341_312, "7.3M"),
    (format_count, 8_030_261_248, "8.0B"),
    (format_ratio, 0.377, "0.38×"),
    (format_ratio, 1, "1.00×"),
    (format_ratio, 12.34, "12.3×"),
    (format_seconds, 0.0123, "12 ms"),
    (format_seconds, 3.42, "3.4 s"),
    (format_seconds, 75, "1 min 15 s"),
    (format_seconds, 7_382, "2 h 03 min"),
    (format_seconds, -3.42, "-3.4 s"),
    (format_nats, 0.62, "0.62"),
    (format_nats, 0.0311, "0.031"),
    (format_nats, 8.2e-6, "8.2e-6"),
    (format_nats, 1e-12, "1.0e-12"),
    (format_nats, -1e-9, "0"),
    (format_percent, 0.41, "41.0 %"),
    (format_percent, 0.0, "0.0 %"),
    (format_points, -0.23, "−23.0 points"),
    (format_points, 0.0314, "+3.1 points"),
    (format_multiple, 12.4, "12 ×"),
    (format_multiple, 1.26, "1.3 ×"),
]


@pytest.mark.parametrize(
    ("measured", "predicted", "shown"),
    [
        (5_648_384, 5_648_384, "5.6 MB, as predicted"),
        (5_750_000, 5_648_384, "5.8 MB, predicted 5.6 MB (+101.6 kB)"),
        (15_000_000, 20_000_000, "15.0 MB, predicted 20.0 MB (−5.0 MB)"),
        (7_126_000_000, 7_000_000_000, "7.1 GB, predicted 7.0 GB (+1.8 %)"),
        (15_000_000_000, 20_000_000_000, "15.0 GB, predicted 20.0 GB (−25.0 %)"),
        (None, 5_648_384, "n/a, predicted 5.6 MB"),
        (5_648_384, None, "5.6 MB, predicted n/a"),
        (None, None, "n/a, predicted n/a"),
    ],
)
def test_what_was_foretold_stands_beside_what_came(measured: int | None, predicted: int | None, shown: str) -> None:
    assert format_foretold(measured, predicted) == shown


@pytest.mark.parametrize(("form", "value", "text"), CASES)
def test_a_figure_is_written_in_the_unit_that_suits_it(form: Callable[[float], str], value: float, text: str) -> None:
    assert form(value) == text


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (format_bytes, 999_949, "999.9 kB"),
        (format_bytes, 999_950, "1.0 MB"),
        (format_bytes, 999_999_999, "1.0 GB"),
        (format_memory, 2**30 - 1, "1.0 GiB"),
        (format_count, 999_999, "1.0M"),
        (format_ratio, 9.996, "10.0×"),
        (format_seconds, 0.9996, "1.0 s"),
        (format_seconds, 59.96, "1 min 00 s"),
        (format_seconds, 3_599.7, "1 h 00 min"),
        (format_nats, 0.0996, "0.10"),
        (format_percent, 0.9996, "100 %"),
        (format_multiple, 9.96, "10 ×"),
    ],
)
def test_rounding_up_moves_on_to_the_next_unit(form: Callable[[float], str], value: float, text: str) -> None:
    assert form(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "True"), (6.0, "6.0"), (None, "None"), ("nf4", "nf4"), (["lm_head", "norm"], "lm_head, norm"), ([], "[]")],
)
def test_an_option_is_written_as_python_writes_it(value: list[str] | str | float | bool | None, text: str) -> None:
    assert format_option(value) == text


def test_what_is_not_zero_is_not_written_as_zero_but_where_it_means_nothing() -> None:
    assert format_percent(1e-6) == "<0.1 %"
    assert format_points(-1e-9) == "0.0 points"


@pytest.mark.parametrize(
    "form",
    [format_bytes, format_memory, format_gib, format_count, format_ratio, format_seconds, format_multiple],
)
def test_what_is_not_known_is_not_a_number(form: Callable[[None], str]) -> None:
    assert form(None) == "n/a"


@pytest.mark.parametrize("form", [format_ratio, format_seconds, format_nats, format_percent, format_multiple])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_is_not_a_number(form: Callable[[float], str], value: float) -> None:
    assert form(value) == "n/a"
