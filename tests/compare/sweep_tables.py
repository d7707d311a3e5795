"""Sweeps as tables written by hand: rows of figures, and pairs that were or were not told apart."""

from __future__ import annotations

from quanttui.records import (
    DivergenceSummary,
    KlSummary,
    NoiseFloor,
    PairComparison,
    PairedFlips,
    PairedKl,
    PairFinding,
    SweepPart,
    SweptVariant,
    Verdict,
    VerdictLevel,
)
from quanttui.variants import parse_variant

GB = 10**9
REFERENCE = parse_variant("bf16")


def divergence(kl, same_top=0.97, level=VerdictLevel.CLEAR, kl_error=0.0005, same_top_error=0.002):
    return DivergenceSummary(
        tokens=8_000,
        scope="over 32 windows",
        kl_divergence=KlSummary(kl, kl_error, kl / 2, 3 * kl, 4 * kl, 6 * kl, 9 * kl, 20 * kl),
        same_top=same_top,
        same_top_standard_error=same_top_error,
        delta_p_mean=-0.1,
        rms_delta_p=2.0,
        perplexity_reference=9.0,
        perplexity_candidate=9.2,
        ln_perplexity_ratio=0.02,
        ln_perplexity_ratio_standard_error=0.002,
        tie_flips=3,
        real_flips=round(8_000 * (1 - same_top)),
        noise_floor=NoiseFloor(1e-4, "bf16 decode vs prefill", 8_000),
        noise_multiple=kl / 1e-4,
        smallest_detectable_nats=1e-4,
        by_confidence=(),
        verdict=Verdict(level, f"{level}: by hand"),
    )


def row(name, gigabytes, kl=None, speed=None, *, same_top=0.97, suite=None, speed_error=None, peak=True, **divergences):
    """``kl`` None: the reference, or not scored yet. ``suite``: its KL on the suite, where that is scored too."""
    size = None if gigabytes is None else round(gigabytes * GB)
    return SweptVariant(
        parse_variant(name),
        parameter_bytes=None if size is None else size - GB // 2,
        peak_bytes=size if peak else None,
        tokens_per_second=speed,
        tokens_per_second_standard_error=speed_error,
        text=None if kl is None else divergence(kl, same_top, **divergences),
        suite=None if suite is None else divergence(suite, same_top, **divergences),
    )


def pair(first, second, finding, part=SweepPart.TEXT):
    return PairComparison(
        parse_variant(first),
        parse_variant(second),
        part,
        PairedKl(0.03, 0.031, -0.001, None, 0.97, None, 0.4, 0.002),
        PairedFlips(8_000, 20, 24, -0.0005, 0.6, 0.004),
        kl_adjusted_p=0.8,
        flips_adjusted_p=1.0,
        tests=2,
        finding=finding,
        text=f"{first}, {second}: by hand",
    )


def apart(first, second):
    return pair(first, second, PairFinding.FIRST_NEARER)


def alike(first, second, part=SweepPart.TEXT):
    return pair(first, second, PairFinding.NOT_FOUND, part)


LLAMA = (
    row("bf16", 16.0, speed=41.0),
    row("int8", 9.1, 0.012, 12.2),
    row("nf4", 6.0, 0.031, 30.3, same_top=0.94),
    row("nf4+dq", 5.7, 0.033, 24.3, same_top=0.938),
    row("fp4", 6.0, 0.062, 30.2, same_top=0.91),
)
LLAMA_PAIRS = (
    apart("int8", "nf4"),
    apart("int8", "nf4+dq"),
    apart("int8", "fp4"),
    alike("nf4", "nf4+dq"),
    apart("nf4", "fp4"),
    apart("nf4+dq", "fp4"),
)
