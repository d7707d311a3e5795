"""The one sentence: its level from the thresholds, its words from the level."""

from __future__ import annotations

import pytest

from quanttui.compare.verdict import Evidence, judge
from quanttui.records import VerdictLevel
from quanttui.records.divergence import VerdictLevel as Level

FLOOR = 1e-3


def evidence(multiple=12.0, same_top=0.97, tokens=100, detectable=FLOOR, floor=FLOOR, error=0.012):
    kl_mean = multiple * floor if floor else multiple
    return Evidence(tokens, kl_mean, floor, detectable, same_top, error)


@pytest.mark.parametrize(
    ("multiple", "same_top", "level"),
    [
        (0.0, 1.0, Level.INDISTINGUISHABLE),
        (1.0, 0.99, Level.INDISTINGUISHABLE),
        (2.0, 0.5, Level.INDISTINGUISHABLE),  # what changes within the noise is nothing
        (2.1, 1.0, Level.SMALL),
        (10.0, 0.3, Level.SMALL),  # unsure of everything, hardly moved
        (12.0, 0.95, Level.SMALL),
        (50_000.0, 0.95, Level.SMALL),  # an exact reference: every quantization is far above its floor
        (11.0, 0.949, Level.CLEAR),
        (100.0, 0.2, Level.CLEAR),
        (101.0, 0.75, Level.CLEAR),
        (101.0, 0.749, Level.BROKEN),
        (1e6, 0.01, Level.BROKEN),
    ],
)
def test_the_level_is_as_bad_as_both_figures_agree_on(multiple, same_top, level):
    assert judge(evidence(multiple, same_top), "bf16", "nf4").level is level


def test_what_the_tokens_could_not_have_shown_is_not_found():
    verdict = judge(evidence(multiple=5.0, detectable=4.5 * FLOOR), "bf16", "int8")
    assert verdict.level is VerdictLevel.INDISTINGUISHABLE
    assert verdict.text == (
        "indistinguishable: no difference found between int8 and bf16 at this many tokens (100); "
        "one above 5.5 × the noise floor would have shown"
    )
    assert judge(evidence(multiple=5.0, detectable=4.0 * FLOOR), "bf16", "int8").level is VerdictLevel.SMALL


def test_nothing_is_ever_said_to_be_equal():
    text = judge(evidence(multiple=0.0, same_top=1.0, error=0.0), "bf16", "bf16").text
    assert "no difference found" in text
    assert "no difference;" not in text


def test_a_difference_is_told_in_words():
    assert judge(evidence(), "bf16", "nf4").text == (
        "small difference: nf4 picks bf16's next word 97 % of the time (± 1.2), 12 × the noise floor"
    )


@pytest.mark.parametrize(
    ("multiple", "shown"), [(6.24, "6.2 ×"), (12.4, "12 ×"), (99.6, "100 ×"), (325.4, "325 ×"), (17_179.0, "17,200 ×")]
)
def test_multiples_are_shown_as_precisely_as_they_are_known(multiple, shown):
    assert f", {shown} the noise floor" in judge(evidence(multiple, 0.94), "fp16", "nf4").text


def test_no_share_is_rounded_up_to_all():
    assert "99.7 % of the time" in judge(evidence(same_top=0.997, error=0.003), "bf16", "int8").text
    assert "99.9 % of the time" in judge(evidence(same_top=0.9999, error=0.0001), "bf16", "int8").text
    assert "at each of the 100 places" in judge(evidence(same_top=1.0, error=0.0), "bf16", "int8").text


@pytest.mark.parametrize("multiple", [1.0, 50.0])
def test_too_few_tokens_are_said_to_be_too_few(multiple):
    assert judge(evidence(multiple, tokens=12, detectable=None), "bf16", "nf4").text.endswith(
        "; only 12 tokens: too few to be sure"
    )
    one = judge(evidence(multiple, same_top=1.0, tokens=1, detectable=None), "bf16", "nf4").text
    assert one.endswith("only 1 token: too few to be sure")


def test_a_reference_without_noise_is_judged_by_the_words_alone():
    verdict = judge(evidence(multiple=0.3, same_top=0.5, floor=0.0), "fp32", "nf4")
    assert verdict.level is VerdictLevel.BROKEN
    assert "fp32's own noise does not show here" in verdict.text
    assert judge(evidence(multiple=0.0, floor=0.0, same_top=1.0), "fp32", "fp32").level is Level.INDISTINGUISHABLE
