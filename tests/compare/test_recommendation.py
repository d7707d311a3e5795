"""Which variant to run: tables by hand, and what holds for every table."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sweep_tables import GB, LLAMA, LLAMA_PAIRS, REFERENCE, alike, apart, divergence, pair, row

from quanttui.compare.recommendation import choose, recommend, ties_of
from quanttui.compare.standing import field_of, misses_of
from quanttui.records import PairFinding, SweepLimits, SweepPart, VerdictLevel
from quanttui.variants import parse_variant

NOTHING = VerdictLevel.INDISTINGUISHABLE
SMALL = VerdictLevel.SMALL


def answer(limits=None, rows=LLAMA, pairs=LLAMA_PAIRS, **given_limits):
    return recommend(rows, REFERENCE, limits or SweepLimits(**given_limits), pairs)


def names(verdict):
    return tuple(None if v is None else str(v) for v in (verdict.recommended, verdict.runner_up))


def changes(verdict):
    return [change.text for change in verdict.changes]


def test_within_the_memory_the_most_faithful():
    verdict = answer(memory_bytes=10 * GB)
    assert names(verdict) == ("int8", "nf4")
    assert verdict.why == (
        "int8 is recommended: the most faithful of the 4 that keep every limit (KL 0.012 ± 5.0e-4 nats, "
        "same top 97.0 ± 0.2 % on the text; 9.1 GB at its peak, 12.2 tok/s)."
    )
    assert changes(verdict) == [
        "with 6.0 GB more: bf16 (the reference, KL 0 instead of 0.012 nats)",
        "with less than 9.1 GB: nf4+dq (KL 0.033 instead of 0.012 nats)",
        "if more than 12.2 tok/s is needed: nf4+dq (24.3 tok/s, KL 0.033 instead of 0.012 nats)",
    ]


def test_a_tie_inside_the_noise_goes_to_the_cheaper_one_and_says_so():
    verdict = answer(memory_bytes=8 * GB)
    assert names(verdict) == ("nf4+dq", "nf4")
    assert verdict.why.startswith(
        "nf4+dq is recommended: it was not found to be less faithful than nf4, the most faithful by its figures, "
        "and it takes 300.0 MB less (KL 0.033 "
    )
    assert [str(p.first) for p in verdict.indistinguishable] == ["nf4"]
    assert verdict.smallest_detectable.kl_nats == 0.002


def test_without_a_paired_test_the_figures_stand_as_they_are():
    assert names(answer(memory_bytes=8 * GB, pairs=())) == ("nf4", "nf4+dq")


def test_a_tie_needs_every_part_to_find_nothing():
    pairs = (alike("nf4", "nf4+dq"), pair("nf4", "nf4+dq", PairFinding.FIRST_NEARER, SweepPart.SUITE))
    assert names(answer(memory_bytes=8 * GB, pairs=pairs))[0] == "nf4"
    pairs = (alike("nf4", "nf4+dq"), alike("nf4", "nf4+dq", SweepPart.SUITE))
    assert names(answer(memory_bytes=8 * GB, pairs=pairs))[0] == "nf4+dq"


def test_a_tie_in_the_same_memory_goes_to_the_faster():
    rows = (row("nf4", 6.0, 0.030, 20.0), row("fp4", 6.0, 0.031, 30.0))
    verdict = answer(memory_bytes=8 * GB, rows=rows, pairs=(alike("nf4", "fp4"),))
    assert names(verdict) == ("fp4", "nf4")
    assert "is faster by 10.0 tok/s in the same memory" in verdict.why


def test_without_limits_it_is_the_smallest_whose_difference_is_small():
    rows = (LLAMA[0], row("int8", 9.1, 0.012, level=SMALL), row("nf4", 6.0, 0.031))
    verdict = answer(rows=rows, pairs=())
    assert names(verdict) == ("int8", "bf16")
    assert verdict.why.startswith(
        "int8 is recommended: no limit was given, and it is the smallest whose difference from bf16 is small (KL 0.012"
    )
    assert changes(verdict) == ["with less than 9.1 GB: nf4 (KL 0.031 instead of 0.012 nats)"]


def test_without_limits_a_difference_that_is_clear_on_one_part_is_not_small():
    rows = (LLAMA[0], replace(row("int8", 9.1, 0.012, level=SMALL), suite=divergence(0.03)))
    assert names(answer(rows=rows, pairs=()))[0] == "bf16"


def test_without_limits_it_is_the_reference_where_no_difference_is_small_and_the_ladder_below_it():
    verdict = answer()
    assert names(verdict) == ("bf16", None)
    assert verdict.why.startswith(
        "bf16, the reference itself, is recommended: no limit was given, and no other variant's difference from it is "
        "small (16.0 GB at its peak"
    )
    assert changes(verdict) == [
        "with less than 16.0 GB: int8 (KL 0.012 instead of 0 nats)",
        "with less than 9.1 GB: nf4+dq (KL 0.033 instead of 0.012 nats)",
    ]


def test_the_ladder_misses_no_step():
    assert [text.partition(" (")[0] for text in changes(answer(pairs=()))] == [
        "with less than 16.0 GB: int8",
        "with less than 9.1 GB: nf4",
        "with less than 6.0 GB: nf4+dq",
    ]


def test_a_candidate_within_the_noise_is_as_good_as_the_reference_and_cheaper():
    rows = (row("bf16", 16.0), row("int8", 9.1, 2e-4, level=NOTHING), row("nf4", 6.0, 0.03))
    verdict = answer(rows=rows, pairs=(apart("int8", "nf4"),))
    assert names(verdict) == ("int8", "bf16")
    verdict = answer(rows=rows, pairs=(apart("int8", "nf4"),), least_tokens_per_second=None, memory_bytes=20 * GB)
    assert names(verdict) == ("int8", "bf16")
    assert "not found to be less faithful than bf16, the reference, and it takes 6.9 GB less" in verdict.why


def test_with_fidelity_alone_it_is_the_smallest_that_keeps_it():
    assert names(answer(most_kl_nats=0.035)) == ("nf4+dq", "nf4")
    verdict = answer(least_same_top=0.95)
    assert names(verdict) == ("int8", "bf16")
    assert "the smallest of the 2 that keep every limit" in verdict.why
    assert changes(verdict) == [
        "if a same top of 94.0 % is enough: nf4 (6.0 GB instead of 9.1 GB)",
        "if a same top of 93.8 % is enough: nf4+dq (5.7 GB instead of 9.1 GB)",
        "if a same top above 97.0 % is needed: bf16 (16.0 GB instead of 9.1 GB)",
        "if more than 12.2 tok/s is needed: bf16 (41.0 tok/s, the reference, KL 0 instead of 0.012 nats)",
    ]


def test_with_fidelity_and_memory_it_is_the_most_faithful():
    assert names(answer(most_kl_nats=0.07, memory_bytes=10 * GB))[0] == "int8"


def test_speed_is_a_limit_and_what_less_of_it_would_give_is_said():
    verdict = answer(memory_bytes=10 * GB, least_tokens_per_second=25.0)
    assert names(verdict) == ("nf4", "fp4")
    assert "if 12.8 tok/s less is acceptable: int8 (KL 0.012 instead of 0.031 nats)" in changes(verdict)


def test_figures_that_show_no_difference_are_not_set_against_each_other():
    rows = (row("nf4", 6.0, 0.0311, 30.0), row("nf4+dq", 5.7, 0.0312, 24.0))
    told = changes(answer(memory_bytes=8 * GB, rows=rows, pairs=(alike("nf4", "nf4+dq"),)))
    assert told == ["if more than 24.0 tok/s is needed: nf4 (30.0 tok/s, KL 0.031 nats, the same to the digits shown)"]


def test_a_difference_of_speed_inside_its_error_is_no_reason_to_change():
    rows = (row("int8", 9.1, 0.012, 12.0, speed_error=3.0), row("nf4", 6.0, 0.031, 14.0, speed_error=3.0))
    assert not [text for text in changes(answer(memory_bytes=10 * GB, rows=rows)) if "tok/s" in text]


def test_more_fidelity_that_the_noise_could_explain_is_no_change():
    told = changes(answer(most_kl_nats=0.035))
    assert not [text for text in told if text.startswith("if a KL below") and "nf4 (" in text]
    assert "if a KL below 0.033 nats is needed: int8 (9.1 GB instead of 5.7 GB)" in told


def test_nothing_fits_and_what_comes_nearest_is_named():
    verdict = answer(memory_bytes=5 * GB, least_same_top=0.9)
    assert names(verdict) == (None, None)
    assert str(verdict.nearest) == "nf4+dq"
    assert verdict.why.startswith("No variant keeps every limit. nf4+dq comes nearest (KL 0.033 ")
    assert verdict.why.endswith("): it takes 700.0 MB too much.")
    assert changes(verdict)[0] == "with 700.0 MB more: nf4+dq (KL 0.033 nats)"
    assert "with 4.1 GB more: int8 (KL 0.012 nats)" in changes(verdict)


def test_what_breaks_fewer_limits_comes_nearer():
    verdict = answer(memory_bytes=7 * GB, most_kl_nats=1e-3, least_tokens_per_second=40.0)
    assert str(verdict.nearest) == "bf16"
    rows = (row("int8", 9.1, 0.012), row("nf4", 6.0, 0.031))
    verdict = answer(memory_bytes=4 * GB, most_kl_nats=0.03, rows=rows, pairs=())
    assert str(verdict.nearest) == "int8"  # far over the memory, but nf4 is over both limits
    verdict = answer(memory_bytes=7 * GB, most_kl_nats=0.02, least_same_top=0.96, least_tokens_per_second=100.0)
    assert "tok/s too slow" in verdict.why


def test_every_broken_limit_is_told():
    rows = (row("nf4", 6.0, 0.031, 12.0, same_top=0.91),)
    limits = SweepLimits(5 * GB, 0.95, 0.01, 20.0)
    assert answer(limits, rows, ()).why.endswith(
        "it takes 1.0 GB too much; its same top is 4.0 points too low; its KL is 0.021 nats too high; "
        "it is 8.0 tok/s too slow."
    )


def test_failed_variants_are_named_and_those_not_reached_too():
    rows = (*LLAMA[:2], replace(LLAMA[2], failure="out of memory"), row("fp4", 6.0), row("nf4+dq", 5.7))
    verdict = answer(memory_bytes=10 * GB, rows=rows, pairs=())
    assert names(verdict) == ("int8", None)
    assert verdict.why.endswith(" nf4 failed and could not be considered. fp4 and nf4+dq are not measured yet.")


def test_a_reference_that_failed_is_no_answer():
    rows = (replace(LLAMA[0], failure="out of memory"), LLAMA[1])
    assert names(answer(rows=rows, pairs=(), memory_bytes=20 * GB)) == ("int8", None)
    verdict = answer(rows=rows, pairs=())
    assert (verdict.recommended, str(verdict.nearest)) == (None, "int8")
    assert "no variant's difference from bf16 is small. int8 comes nearest" in verdict.why


def test_when_all_failed_nothing_is_recommended():
    rows = tuple(replace(each, failure="killed") for each in LLAMA[:2])
    verdict = answer(rows=rows, pairs=())
    assert (names(verdict), verdict.nearest, verdict.changes) == ((None, None), None, ())
    assert verdict.why == (
        "No variant has been measured, so none can be recommended. bf16 and int8 failed and could not be considered."
    )


def test_a_single_candidate_is_the_only_one_that_fits_or_was_measured():
    verdict = answer(memory_bytes=10 * GB, rows=LLAMA[:2], pairs=())
    assert names(verdict) == ("int8", None)
    assert "the only one that keeps every limit" in verdict.why
    assert verdict.smallest_detectable is None
    assert "the only one measured" in answer(rows=LLAMA[:1], pairs=()).why


def test_where_a_peak_is_missing_the_weights_of_all_are_compared():
    rows = (LLAMA[0], row("int8", 9.1, 0.012, peak=False), LLAMA[2])
    assert "8.6 GB of weights" in answer(memory_bytes=9 * GB, rows=rows, pairs=()).why


def test_peaks_that_cannot_be_held_against_each_other_do_not_rank():
    rows = tuple(replace(each, peaks_compare=False) for each in LLAMA)
    assert "8.6 GB of weights" in answer(memory_bytes=9 * GB, rows=rows, pairs=()).why


def test_a_figure_that_is_not_known_keeps_no_limit():
    rows = (row("int8", None, 0.012), row("nf4", 6.0, 0.031))
    verdict = answer(memory_bytes=9 * GB, rows=rows, pairs=())
    assert names(verdict)[0] == "nf4"
    verdict = answer(memory_bytes=9 * GB, least_tokens_per_second=1.0, rows=rows, pairs=())
    assert verdict.why.endswith("its speed is not known.")
    assert verdict.changes == ()


def test_both_parts_have_to_keep_the_fidelity_and_are_shown_apart():
    rows = (row("int8", 9.1, 0.012, suite=0.05), row("nf4", 6.0, 0.031, suite=0.032))
    verdict = answer(most_kl_nats=0.04, rows=rows, pairs=())
    assert names(verdict) == ("nf4", None)
    assert "KL 0.031 ± 5.0e-4 nats, same top 97.0 ± 0.2 % on the text; KL 0.032 ± 5.0e-4 nats" in verdict.why


def test_the_worse_part_has_to_keep_the_same_top():
    rows = (replace(row("nf4", 6.0, 0.03, same_top=0.97), suite=divergence(0.02, 0.91)),)
    assert names(answer(least_same_top=0.95, rows=rows, pairs=())) == (None, None)
    assert names(answer(least_same_top=0.91, rows=rows, pairs=()))[0] == "nf4"


def test_with_a_suite_alone_the_suite_ranks():
    rows = tuple(replace(each, text=None, suite=each.text) for each in LLAMA)
    verdict = answer(memory_bytes=10 * GB, rows=rows)
    assert names(verdict)[0] == "int8"
    assert "on the suite" in verdict.why


def test_what_keeps_a_limit_by_less_than_its_error_is_told():
    near = divergence(0.0098, 0.951, kl_error=0.0004)
    rows = (replace(row("int8", 9.1, 0.01, 20.5, speed_error=0.5), text=near),)
    why = answer(SweepLimits(None, 0.95, 0.01, 20.0), rows, ()).why
    assert why.endswith(
        "Its limit of same top on the text, KL on the text and speed is kept by less than the figure's error."
    )
    assert "kept by less" not in answer(SweepLimits(None, 0.9, 0.05, 10.0), rows, ()).why


LIMITS = st.builds(
    SweepLimits,
    st.none() | st.integers(1, 20).map(lambda gigabytes: gigabytes * GB),
    st.none() | st.floats(0.8, 1.0),
    st.none() | st.floats(0.001, 0.2),
    st.none() | st.floats(1, 60),
)
FIGURES = st.tuples(st.floats(1, 20), st.floats(1e-4, 0.3), st.none() | st.floats(1, 60), st.floats(0.8, 1))
TABLES = st.lists(FIGURES, min_size=1, max_size=4).map(
    lambda rows: (
        row("bf16", 16.0, speed=40.0),
        *(
            row(name, gigabytes, kl, speed, same_top=top)
            for name, (gigabytes, kl, speed, top) in zip(("int8", "nf4", "fp4", "nf4+dq"), rows, strict=False)
        ),
    )
)
FINDINGS = st.lists(st.sampled_from(list(PairFinding)), min_size=6, max_size=6).map(
    lambda found: [replace(made, finding=finding) for made, finding in zip(LLAMA_PAIRS, found, strict=True)]
)


@settings(max_examples=40)
@given(TABLES, LIMITS, FINDINGS)
def test_what_is_recommended_keeps_every_limit_and_nothing_fits_only_where_nothing_does(rows, limits, pairs):
    verdict = recommend(rows, REFERENCE, limits, pairs)
    keeps = {s.variant: not misses_of(s, limits) for s in field_of(rows, REFERENCE).standings}
    for variant in (verdict.recommended, verdict.runner_up):
        assert variant is None or keeps[variant]
    assert (verdict.recommended is None) is not any(keeps.values())
    assert (verdict.nearest is None) is any(keeps.values())
    assert verdict.recommended is None or verdict.recommended != verdict.runner_up
    assert "None" not in verdict.why + " ".join(changes(verdict))
    assert "nan" not in verdict.why


@settings(max_examples=40)
@given(TABLES, LIMITS, FINDINGS)
def test_every_change_names_another_variant_than_the_answer(rows, limits, pairs):
    verdict = recommend(rows, REFERENCE, limits, pairs)
    assert all(
        change.variant != verdict.recommended and str(change.variant) in change.text for change in verdict.changes
    )


@settings(max_examples=40)
@given(TABLES, st.integers(1, 19), st.integers(0, 10))
def test_more_memory_never_costs_fidelity(rows, gigabytes, more):
    standings = field_of(rows, REFERENCE).standings
    less, much = (
        choose(standings, SweepLimits(memory_bytes=m * GB), ties_of(())) for m in (gigabytes, gigabytes + more)
    )
    if less is not None:
        assert much.recommended.kl <= less.recommended.kl


@settings(max_examples=40)
@given(TABLES, FINDINGS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows, pairs, random):
    kls = {each.text.kl_divergence.mean for each in rows if each.text}
    assume(len({each.peak_bytes for each in rows}) == len(kls) + 1 == len(rows))  # equals have no order of their own
    shuffled = list(rows)
    random.shuffle(shuffled)
    limits = SweepLimits(memory_bytes=12 * GB)
    before, after = (recommend(each, REFERENCE, limits, pairs) for each in (rows, shuffled))
    assert (before.recommended, before.runner_up) == (after.recommended, after.runner_up)


@pytest.mark.parametrize("finding", [PairFinding.NOT_FOUND, PairFinding.WITHIN_NOISE, PairFinding.SECOND_NEARER])
def test_what_is_not_shown_to_be_worse_is_a_tie(finding):
    pairs = (pair("nf4", "nf4+dq", finding),)
    assert answer(memory_bytes=8 * GB, pairs=pairs).recommended == parse_variant("nf4+dq")


def test_nothing_is_recommended_before_a_candidate_is_measured():
    verdict = recommend([row("bf16", 16.0, speed=41.0), row("nf4", None)], REFERENCE, SweepLimits())
    assert (verdict.recommended, verdict.runner_up, verdict.nearest, verdict.changes) == (None, None, None, ())
    assert verdict.why == "No variant has been measured, so none can be recommended. nf4 is not measured yet."
