"""A sweep's figures, its pairs, its frontier and its verdict together."""

from __future__ import annotations

import numpy as np
from heavy_tails import World
from sweep_tables import GB, LLAMA, LLAMA_PAIRS, REFERENCE, alike, apart, row

from quanttui.compare.columns import CandidateColumns
from quanttui.compare.sweep import conclude, frontier_of
from quanttui.records import SweepLimits, SweepPart, SweepResult, VerdictLevel
from quanttui.typed_json import from_text, to_text
from quanttui.variants import parse_variant

WORLD = World(blocks=32)


def columns(names, means, seed=1):
    drawn = WORLD.draw(np.random.default_rng(seed), means)
    return [
        CandidateColumns(
            parse_variant(name), kl, np.ones(kl.size, dtype=bool), np.arange(kl.size), tuple(WORLD.sizes), 1e-5
        )
        for name, kl in zip(names, drawn, strict=True)
    ]


def frontier(rows, pairs):
    return [str(variant) for variant in frontier_of(rows, REFERENCE, pairs)]


def test_the_frontier_of_a_table_by_hand():
    assert frontier(LLAMA, LLAMA_PAIRS) == ["nf4+dq", "nf4", "int8", "bf16"]


def test_what_was_not_told_apart_is_not_dominated():
    rows = (LLAMA[0], row("nf4", 5.0, 0.031), row("fp4", 6.0, 0.035))
    assert frontier(rows, (alike("nf4", "fp4"),)) == ["nf4", "fp4", "bf16"]
    assert frontier(rows, (apart("nf4", "fp4"),)) == ["nf4", "bf16"]
    assert frontier(rows, ()) == ["nf4", "fp4", "bf16"]


def test_the_reference_beats_what_is_larger_and_farther():
    assert frontier((row("bf16", 5.0), row("int8", 9.0, 0.012)), ()) == ["bf16"]
    within = row("int8", 9.0, 1e-5, level=VerdictLevel.INDISTINGUISHABLE)
    assert frontier((row("bf16", 5.0), within), ()) == ["bf16", "int8"]


def test_a_whole_sweep_is_concluded_and_each_part_corrected_for_itself():
    rows = (
        row("bf16", 16.0),
        row("int8", 9.1, 0.005, suite=0.004),
        row("nf4", 6.0, 0.03, suite=0.03),
        row("fp4", 6.5, 0.03, suite=0.03),
    )
    parts = {
        SweepPart.TEXT: columns(("int8", "nf4", "fp4"), [0.005, 0.03, 0.03]),
        SweepPart.SUITE: columns(("int8", "nf4"), [0.004, 0.03], seed=2),
    }
    result = conclude(rows, REFERENCE, SweepLimits(memory_bytes=8 * GB), parts)
    assert [(pair.part, pair.tests) for pair in result.pairs] == [(SweepPart.TEXT, 6)] * 3 + [(SweepPart.SUITE, 2)]
    assert str(result.verdict.recommended) == "nf4"
    assert [(str(p.first), str(p.second)) for p in result.verdict.indistinguishable] == [("nf4", "fp4")]
    assert [str(variant) for variant in result.frontier] == ["nf4", "fp4", "int8", "bf16"]
    assert from_text(to_text(result), SweepResult) == result


def test_a_sweep_that_has_only_begun_says_that():
    result = conclude((row("bf16", 16.0), row("int8", 9.1)), REFERENCE, SweepLimits(), {})
    assert result.pairs == ()
    assert result.verdict.why.endswith("int8 is not measured yet.")
