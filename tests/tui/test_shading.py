"""Levels, bands and notable tokens: pure numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from microscope_samples import token

from quanttui.records import FlipKind
from quanttui.tui.shading import LEVEL_EDGES_NATS, LEVEL_GLYPHS, Band, band_of, is_notable, level_of


def test_every_level_has_its_own_glyph() -> None:
    assert len(set(LEVEL_GLYPHS)) == len(LEVEL_EDGES_NATS) + 2


@pytest.mark.parametrize(("kl", "level"), [(1e-7, 1), (0.001, 2), (0.03, 5), (0.299, 6), (1.0, 8), (50, 8)])
def test_an_edge_belongs_to_the_level_above_it(kl: float, level: int) -> None:
    assert level_of(kl, noise_nats=0.0) == level


def test_whatever_lies_within_the_noise_is_calm_however_high_the_noise_is() -> None:
    assert level_of(0.2, noise_nats=0.2) == 0
    assert level_of(0.21, noise_nats=0.2) == 6


@pytest.mark.parametrize("kl", [0.0, -1e-9, math.nan])
def test_rounding_below_zero_and_nothing_at_all_are_calm(kl: float) -> None:
    assert level_of(kl, noise_nats=0.0) == 0


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 1))
def test_more_divergence_never_looks_calmer(one: float, other: float, noise: float) -> None:
    low, high = sorted((one, other))
    assert level_of(low, noise) <= level_of(high, noise)


def test_bands_follow_the_levels() -> None:
    bands = [band_of(level) for level in range(9)]
    assert bands == [Band.CALM, *[Band.SLIGHT] * 4, *[Band.VISIBLE] * 2, *[Band.STRONG] * 2]


def test_a_real_flip_is_notable_however_small_its_kl() -> None:
    assert is_notable(token(0, "a", 1e-5, FlipKind.REAL), noise_nats=0.01)
    assert not is_notable(token(0, "a", 1e-5, FlipKind.TIE), noise_nats=0.01)


def test_a_loud_token_is_notable_from_ten_times_the_noise_and_a_tenth_of_a_nat() -> None:
    loud = token(0, "a", 0.1)
    assert is_notable(loud, noise_nats=1e-8)
    assert not is_notable(loud, noise_nats=0.02)
    assert is_notable(replace(loud, kl_divergence=0.2), noise_nats=0.02)
    assert not is_notable(replace(loud, kl_divergence=0.099), noise_nats=1e-8)
