"""The pace of a download, by a clock that the test turns."""

from __future__ import annotations

from quanttui.models.meter import Meter
from quanttui.records.download import DownloadProgress


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_no_pace_is_told_before_anything_came() -> None:
    assert Meter(10, 100, Clock()).read() == DownloadProgress(10, 100, None, None)


def test_the_pace_is_that_of_what_came_on_the_way() -> None:
    clock = Clock()
    meter = Meter(500, 1000, clock)
    clock.seconds += 2
    meter.add(100)
    assert meter.read() == DownloadProgress(600, 1000, 50.0, 8.0)


def test_the_pace_forgets_what_is_long_ago() -> None:
    clock = Clock()
    meter = Meter(0, 10_000, clock)
    for _ in range(10):
        clock.seconds += 1
        meter.add(1000 if clock.seconds <= 105 else 10)
    assert meter.read().bytes_per_second == 10.0


def test_a_stall_ends_the_pace_and_the_promise() -> None:
    clock = Clock()
    meter = Meter(0, 1000, clock)
    clock.seconds += 1
    meter.add(100)
    clock.seconds += 60
    assert meter.read() == DownloadProgress(100, 1000, None, None)


def test_what_has_to_come_again_is_taken_off_without_a_pace_below_zero() -> None:
    clock = Clock()
    meter = Meter(500, 1000, clock)
    meter.correct(-500)
    clock.seconds += 1
    meter.add(100)
    assert meter.read() == DownloadProgress(100, 1000, 100.0, 9.0)
