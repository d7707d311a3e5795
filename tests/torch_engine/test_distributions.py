"""What must hold of any two distributions, whatever the logits."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from fp64_oracle import kl, log_softmax
from hypothesis import given, settings
from hypothesis import strategies as st

from quanttui.errors import MeasurementError
from quanttui.torch_engine import distributions
from quanttui.torch_engine.distributions import entropy, ln_probability, rank, top

ROUNDING_NATS = 5e-7
"""Half of the 1e-6 that is promised. Each exponential is right to one or two units of fp32 (6e-8, 1.2e-7), and where
one token has nearly all the weight, nothing averages the errors of the two sides out."""


def distribution(values):
    return distributions.distribution(values.clone(), torch.empty_like(values))


def kl_divergence(p, q):
    return distributions.kl_divergence(p, p.centered.exp(), q, torch.empty_like(p.centered))


@st.composite
def logits(draw, vocabulary=None):
    size = vocabulary or draw(st.integers(2, 300))
    seed, scale = draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from([1e-3, 0.3, 3.0, 30.0, 300.0]))
    generator = torch.Generator().manual_seed(seed)
    values = scale * torch.randn(3, size, generator=generator)
    return values.round() if draw(st.booleans()) else values  # rounded ones hold ties


@st.composite
def pairs(draw):
    ours = draw(logits())
    return ours, ours + draw(st.sampled_from([1e-4, 0.1, 1.0])) * draw(logits(ours.shape[1]))


@settings(max_examples=60, deadline=None)
@given(pairs())
def test_kl_is_not_negative_and_is_the_oracles(pair):
    p, q = (distribution(z) for z in pair)
    got = kl_divergence(p, q).numpy()
    assert (got >= -ROUNDING_NATS).all()
    exact = kl(*(log_softmax(z.double().numpy()) for z in pair))
    np.testing.assert_allclose(got, exact, rtol=1e-5, atol=ROUNDING_NATS)


@settings(max_examples=30, deadline=None)
@given(logits())
def test_kl_of_a_distribution_with_itself_is_exactly_zero(values):
    assert kl_divergence(distribution(values), distribution(values.clone())).abs().max() == 0


@settings(max_examples=40, deadline=None)
@given(pairs(), st.integers(-512, 512))
def test_a_constant_added_to_the_logits_changes_nothing(pair, constant):
    """As far as fp32 can hold the shifted logits: they are put on a grid of 2⁻¹² first, so that the sum is exact."""
    ours, theirs = ((z.clamp(-500, 500) * 4096).round() / 4096 for z in pair)
    plain = kl_divergence(distribution(ours), distribution(theirs))
    shifted = kl_divergence(distribution(ours), distribution(theirs + constant))
    torch.testing.assert_close(shifted, plain, rtol=1e-6, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(logits(), st.integers(1, 8))
def test_the_first_choices_are_the_largest_and_stand_in_order(values, k):
    ids = top(distribution(values), k)
    k = min(k, values.shape[1])
    assert ids.shape == (3, k)
    torch.testing.assert_close(values.gather(1, ids), values.sort(descending=True).values[:, :k], rtol=0, atol=0)
    for row, chosen in zip(values.tolist(), ids.tolist(), strict=True):
        assert len(set(chosen)) == k
        assert all(row[a] > row[b] or a < b for a, b in pairwise(chosen))


@settings(max_examples=60, deadline=None)
@given(logits(), st.integers(1, 8))
def test_fewer_first_choices_are_the_first_of_more(values, k):
    """Of equals too: a sweep asks for one, a comparison for eight, and their flips must be the same."""
    values = torch.cat([values, values.div(values.abs().max().clamp(min=1) / 2).round()])
    ids = top(distribution(values), k)
    expected = values.sort(dim=1, descending=True, stable=True).indices
    assert torch.equal(ids, expected[:, : ids.shape[1]])


@settings(max_examples=40, deadline=None)
@given(logits())
def test_a_rank_counts_what_is_strictly_more_likely(values):
    p = distribution(values)
    for token_id in (0, values.shape[1] - 1):
        expected = (values > values[:, token_id : token_id + 1]).sum(-1) + 1
        assert rank(p, torch.full((3,), token_id), torch.empty_like(values)).tolist() == expected.tolist()


@settings(max_examples=40, deadline=None)
@given(logits())
def test_probabilities_sum_to_one_and_entropy_lies_between_none_and_all(values):
    p = distribution(values)
    every_id = torch.arange(values.shape[1]).expand(3, -1)
    assert ln_probability(p, every_id).exp().sum(-1).numpy() == pytest.approx(np.ones(3), abs=2e-5)
    nats = entropy(p, p.centered.exp(), torch.empty_like(values))
    assert (nats >= -1e-9).all()
    assert (nats <= np.log(values.shape[1]) + 1e-6).all()


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("side", [0, 1])
def test_a_logit_that_is_not_finite_voids_the_measurement(bad, side):
    both = [torch.randn(2, 100), torch.randn(2, 100)]
    both[side][1, 40] = bad
    with pytest.raises(MeasurementError, match="NaN or infinite"):
        kl_divergence(*(distribution(values) for values in both))
