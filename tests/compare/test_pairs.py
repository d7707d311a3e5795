"""All pairs of a sweep: what is found, what is not, and how seldom something is found that is not there."""

from __future__ import annotations

import numpy as np
import pytest
from heavy_tails import World, kept
from score_makers import score, score_of, token

from quanttui.compare.columns import CandidateColumns, columns_of
from quanttui.compare.pairs import compare_pairs, smallest_detectable
from quanttui.errors import MeasurementError
from quanttui.records import FlipKind, PairFinding, SweepPart
from quanttui.variants import parse_variant

NAMES = ("int8", "nf4", "fp4", "nf4+dq")
WORLD = World(blocks=16)
TEXT = SweepPart.TEXT


def columns(name, kl, same_top=None, parts=(), floor=1e-6):
    kl = np.asarray(kl, dtype=np.float64)
    same_top = np.ones(kl.size, dtype=bool) if same_top is None else same_top
    return CandidateColumns(parse_variant(name), kl, same_top, np.arange(kl.size), tuple(parts) or (kl.size,), floor)


def sweep(generator, means, world=WORLD, floor=1e-6):
    hardness = generator.random(world.blocks * world.tokens)
    drawn = world.draw(generator, means)
    return [
        columns(name, kl, kept(generator, kl, hardness), world.sizes, floor)
        for name, kl in zip(NAMES, drawn, strict=False)
    ]


def test_scores_become_columns_in_text_order():
    first = score([token(0, kl=0.1), token(1, kl=0.2, flip=FlipKind.REAL), token(2, kl=0.3, flip=FlipKind.TIE)])
    second = score_of([0.4] * 6, floor=3e-3, windows=(2, 4))
    made = columns_of(parse_variant("nf4"), [first, score([]), second])
    assert made.kl.tolist() == [0.1, 0.2, 0.3, *[0.4] * 6]
    assert made.same_top.tolist() == [True, False, False, *[True] * 6]
    assert made.parts == (3, 2, 4)
    assert made.noise_floor == pytest.approx((3 * 1e-3 + 6 * 3e-3) / 9)


@pytest.mark.parametrize("scores", [[], [score([])], [score_of([float("nan")])]])
def test_scores_that_would_mean_nothing_are_refused(scores):
    with pytest.raises(MeasurementError, match="nf4"):
        columns_of(parse_variant("nf4"), scores)


def test_candidates_scored_on_other_tokens_are_not_paired():
    with pytest.raises(MeasurementError, match="int8 and nf4 were scored on different tokens"):
        compare_pairs([columns("int8", [0.1] * 8), columns("nf4", [0.1] * 9)], TEXT)
    moved = columns("nf4", [0.1] * 8, parts=(4, 4))
    with pytest.raises(MeasurementError, match="different tokens"):
        compare_pairs([columns("int8", [0.1] * 8), moved], TEXT)


def test_what_differs_is_told_apart_and_the_nearer_one_named():
    pairs = compare_pairs(sweep(np.random.default_rng(1), [0.005, 0.02, 0.02, 0.02]), TEXT)
    assert [(str(p.first), str(p.second)) for p in pairs][:3] == [("int8", "nf4"), ("int8", "fp4"), ("int8", "nf4+dq")]
    assert [p.finding for p in pairs] == [PairFinding.FIRST_NEARER] * 3 + [PairFinding.NOT_FOUND] * 3
    assert {p.tests for p in pairs} == {12}
    assert pairs[0].text.startswith("int8 is nearer to the reference than nf4: mean KL 0.0")
    assert pairs[0].is_beaten(parse_variant("nf4"))
    assert not pairs[0].is_beaten(parse_variant("int8"))
    assert not pairs[5].is_beaten(parse_variant("fp4"))


def test_what_is_not_told_apart_says_what_would_have_shown():
    (pair,) = compare_pairs(sweep(np.random.default_rng(4), [0.02, 0.02]), TEXT)
    assert pair.text.startswith("no difference found between int8 and nf4: mean KL 0.0")
    assert pair.text.endswith("points of same top would have shown")
    assert "(95 %: −" in pair.text
    assert smallest_detectable([pair]).kl_nats == pair.kl.smallest_detectable


def test_the_nearer_one_is_the_same_whichever_stands_first():
    both = sweep(np.random.default_rng(1), [0.005, 0.02])
    (pair,) = compare_pairs(both[::-1], TEXT)
    assert pair.finding is PairFinding.SECOND_NEARER
    assert pair.text.startswith("int8 is nearer to the reference than nf4")


def test_within_the_noise_nothing_is_ranked_however_sure_the_difference():
    (pair,) = compare_pairs(sweep(np.random.default_rng(1), [0.005, 0.02], floor=0.02), TEXT)
    assert pair.kl_adjusted_p < 1e-3
    assert pair.finding is PairFinding.WITHIN_NOISE
    assert not pair.told_apart
    assert "both within the reference's own noise" in pair.text


def test_kl_and_flips_that_disagree_are_told_as_that():
    first, second = WORLD.draw(np.random.default_rng(1), [0.005, 0.02])
    flipping = np.arange(first.size) % 5 > 0
    (pair,) = compare_pairs(
        [columns("int8", first, flipping, WORLD.sizes), columns("nf4", second, None, WORLD.sizes)], TEXT
    )
    assert pair.finding is PairFinding.CONFLICTING
    assert "disagree" in pair.text
    assert pair.is_beaten(pair.first)
    assert pair.is_beaten(pair.second)


def test_flips_alone_can_tell_apart():
    kl = WORLD.draw(np.random.default_rng(1), [0.01])[0]
    flipping = np.arange(kl.size) % 20 > 0
    (pair,) = compare_pairs([columns("int8", kl, flipping, WORLD.sizes), columns("nf4", kl, None, WORLD.sizes)], TEXT)
    assert pair.finding is PairFinding.SECOND_NEARER


def test_a_text_too_short_for_an_error_still_has_its_flips():
    (pair,) = compare_pairs([columns("int8", [0.1] * 40), columns("nf4", [0.2] * 40, np.arange(40) > 9)], TEXT)
    assert pair.kl_adjusted_p is None
    assert pair.kl.interval is None
    assert pair.finding is PairFinding.FIRST_NEARER
    assert "mean KL 0.10 and 0.20 nats; of 40 places" in pair.text


def test_the_hardest_pair_says_what_the_sweep_could_have_shown():
    pairs = compare_pairs(sweep(np.random.default_rng(1), [0.005, 0.02, 0.02]), TEXT)
    least = smallest_detectable(pairs)
    assert least.kl_nats == pairs[2].kl.smallest_detectable
    assert least.same_top == pairs[2].flips.smallest_detectable
    assert smallest_detectable(pairs[:2]).kl_nats == max(p.kl.smallest_detectable for p in pairs[:2])
    assert smallest_detectable([]) is None


def test_a_single_candidate_has_no_pairs():
    assert compare_pairs([columns("int8", [0.1] * 80)], TEXT) == ()


def false_alarms(world, candidates, sweeps, seed=7):
    """Share of sweeps over candidates that are all alike in which any two are told apart."""
    generator = np.random.default_rng(seed)
    found = 0
    for _ in range(sweeps):
        found += any(pair.told_apart for pair in compare_pairs(sweep(generator, [0.01] * candidates, world), TEXT))
    return found / sweeps


def test_of_sweeps_without_a_difference_few_find_one():
    """5 %, and two Monte-Carlo errors of 300 sweeps."""
    assert false_alarms(WORLD, candidates=3, sweeps=300) <= 0.05 + 2 * 0.0126


@pytest.mark.slow
@pytest.mark.parametrize(
    "world",
    [
        World(blocks=6),
        World(blocks=8),
        World(blocks=8, sigma=2.0, window=0.6, shared=0.5),
        World(blocks=30, tokens=16, window=0.0, contiguous=True),
        World(blocks=30, tokens=64, sigma=2.0, window=0.6, shared=0.5),
    ],
    ids=["six windows", "eight", "eight, heavy", "one text", "thirty, heavy"],
)
def test_the_family_error_holds_in_worlds_of_all_kinds(world):
    rate = false_alarms(world, candidates=4, sweeps=2000)
    print(f"false alarms {rate:.4f}")
    assert rate <= 0.05 + 2 * 0.0049
