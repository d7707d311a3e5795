"""Bars, ratios and readings as they are written; what is not known is never 0."""

from __future__ import annotations

from quanttui.tui import measures


def test_a_ratio_needs_both_numbers():
    assert measures.ratio(6.0, 16.0) == "0.38×"
    assert measures.ratio(None, 16.0) == measures.ratio(6.0, None) == measures.ratio(6.0, 0) == ""


def test_a_bar_is_always_as_wide_as_asked():
    for share in (None, -1.0, 0.0, 0.33, 1.0, 7.0):
        filled, rest = measures.bar(share, 12)
        assert len(filled) + len(rest) == 12


def test_health_says_what_is_missing():
    assert measures.health(87, None, 61) == "87 % · n/a W · 61 °C"
