"""Numbers as the microscope writes them."""

from __future__ import annotations

import math

import pytest

from quanttui.tui.figures import multiple, nats, percent, points


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.62, "0.62"), (0.0311, "0.031"), (0.0996, "0.10"), (8.2e-6, "8.2e-6"), (1e-12, "1.0e-12"), (-1e-9, "0")],
)
def test_nats_keep_the_digits_that_matter(value: float, shown: str) -> None:
    assert nats(value) == shown


def test_a_small_probability_is_never_written_as_zero() -> None:
    assert percent(1e-6) == "<0.1 %"
    assert percent(0.0) == "0.0 %"
    assert percent(1.0) == "100 %"


def test_changes_are_signed_unless_they_round_to_nothing() -> None:
    assert points(-0.23) == "−23.0 points"
    assert points(0.0314) == "+3.1 points"
    assert points(-1e-9) == "0.0 points"


def test_a_multiple_of_no_noise_is_not_known() -> None:
    assert multiple(None) == multiple(math.inf) == "n/a"
    assert multiple(12.4) == "12 ×"
    assert multiple(1.26) == "1.3 ×"
