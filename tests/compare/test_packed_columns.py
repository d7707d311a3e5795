"""Scores that come as packed columns give the very figures that rows give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from score_makers import score, token

from quanttui.compare.arrays import FLIP_CODES
from quanttui.compare.columns import columns_of, in_common
from quanttui.compare.divergence import summarize
from quanttui.errors import MeasurementError
from quanttui.records import FlipKind, Score, TokenColumns
from quanttui.variants import parse_variant

NF4 = parse_variant("nf4")


def drawn(seed, tokens, **options):
    generator = np.random.default_rng(seed)
    kinds = list(FlipKind)
    return score(
        (
            token(
                index,
                kl=float(generator.lognormal(-5, 2)),
                p=float(generator.uniform(1e-6, 1)),
                q=float(generator.uniform(1e-6, 1)),
                flip=kinds[generator.integers(len(kinds))],
                max_p=float(generator.uniform(0, 1)),
            )
            for index in range(tokens)
        ),
        **options,
    )


def packed(rows: Score) -> Score:
    def column(values, dtype):
        return np.array(list(values), dtype=dtype).tobytes()

    columns = TokenColumns(
        tokens=len(rows.tokens),
        token_ids=column((t.token_id for t in rows.tokens), "<i4"),
        kl=column((t.kl_divergence for t in rows.tokens), "<f8"),
        reference_probability=column((t.reference_probability for t in rows.tokens), "<f8"),
        candidate_probability=column((t.candidate_probability for t in rows.tokens), "<f8"),
        reference_max_probability=column((t.reference_max_probability for t in rows.tokens), "<f8"),
        flips=column((FLIP_CODES[t.flip] for t in rows.tokens), "|u1"),
    )
    return replace(rows, tokens=(), columns=columns)


ROWS = [drawn(1, 37), drawn(2, 200, windows=(128, 72)), drawn(3, 1), drawn(4, 64), score([], floor_tokens=1)]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_summary_of_columns_equals_that_of_rows(count):
    assert summarize([packed(rows) for rows in ROWS[:count]]) == summarize(ROWS[:count])


def test_rows_and_columns_may_be_pooled_with_each_other():
    assert summarize([ROWS[0], packed(ROWS[1])]) == summarize(ROWS[:2])


def test_what_is_compared_token_by_token_is_the_same_too():
    ours, theirs = columns_of(NF4, ROWS), columns_of(NF4, [packed(rows) for rows in ROWS])
    assert (ours.parts, ours.noise_floor) == (theirs.parts, theirs.noise_floor)
    for name in ("kl", "same_top", "token_ids"):
        assert np.array_equal(getattr(ours, name), getattr(theirs, name))
        assert getattr(ours, name).dtype == getattr(theirs, name).dtype


def test_columns_with_a_figure_that_is_none_are_refused():
    nothing = packed(score([token(kl=float("nan")), token()]))
    with pytest.raises(MeasurementError):
        summarize([nothing])
    with pytest.raises(MeasurementError):
        columns_of(NF4, [nothing])


def test_a_candidate_that_is_half_way_is_held_against_the_beginning_of_the_other():
    whole, half = columns_of(NF4, ROWS), columns_of(NF4, ROWS[:2])
    ours, theirs = in_common(whole, half)
    assert ours.parts == theirs.parts == (37, 128, 72)
    assert np.array_equal(ours.kl, half.kl)
    assert in_common(half, whole)[1].parts == half.parts


def test_beginnings_that_differ_are_not_held_against_each_other():
    with pytest.raises(MeasurementError, match="different tokens"):
        in_common(columns_of(NF4, ROWS), columns_of(NF4, ROWS[1:3]))
