"""Durations, sizes and figures as people write them."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

import pytest

from quanttui.amounts import write_duration
from quanttui.cli.amounts import duration, nats, size_bytes, speed


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("20m", 1200), ("1h30m", 5400), ("45", 45), ("1.5h", 5400), (" 2D ", 172_800)]
)
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"), [(180.0, "3m"), (5400, "1h30m"), (90.0, "1m30s"), (3601.0, "1h1s"), (12.5, "12.5s")]
)
def test_a_duration_is_written_as_it_is_read(seconds: float, text: str) -> None:
    assert write_duration(seconds) == text
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("12GB", 12 * 10**9),
        ("12 gb", 12 * 10**9),
        ("11.5GiB", int(11.5 * 2**30)),
        ("800MB", 8 * 10**8),
        ("4096000", 4096000),
    ],
)
def test_a_size_is_read_in_bytes_decimal_and_binary(text: str, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "soon", "0", "-5m", "20 minutes", "nan", "inf", "1h-2m", "m20"])
def test_what_is_no_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="20m"):
        duration(text)


@pytest.mark.parametrize("text", ["", "much", "0", "0GB", "-1GB", "12 parsecs", "nan", "1e999", "12", "4096"])
def test_what_is_no_size_is_refused_with_examples(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="12GB"):
        size_bytes(text)


@pytest.mark.parametrize("read", [nats, speed])
@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "x", ""])
def test_a_limit_is_a_number_above_zero(read: Callable[[str], float], text: str) -> None:
    assert math.isclose(read("0.05"), 0.05)
    with pytest.raises(argparse.ArgumentTypeError):
        read(text)
