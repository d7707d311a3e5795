"""Sweeps written by hand as the screen gets them: early, running, done, with failures, with hostile names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from textual.app import App, ComposeResult

from quanttui.compare.recommendation import recommend
from quanttui.compare.sweep import frontier_of
from quanttui.records import (
    CategoryDivergence,
    DivergenceSummary,
    EngineDescription,
    FitVerdict,
    KlSummary,
    ModelEntry,
    ModelSource,
    NoiseFloor,
    PairComparison,
    PairedFlips,
    PairedKl,
    PairFinding,
    SweepLimits,
    SweepPart,
    SweepResult,
    SweptVariant,
    Variant,
    Verdict,
    VerdictLevel,
)
from quanttui.records.sweep_run import SweepProgress, SweepRequest, SweepSnapshot, VariantProgress
from quanttui.suite.built_in import built_in_categories
from quanttui.tui import app as app_module
from quanttui.tui.state.sweep_look import SweepLook
from quanttui.tui.sweep_messages import SweepLookRequested
from quanttui.tui.theme import OWN, shades_of
from quanttui.tui.widgets.sweep_figures import SweepFigures
from quanttui.variants import parse_variant

GB = 10**9
REFERENCE = parse_variant("bf16")
NOISE = 1e-4
# How much farther each category is than the mean, and how sure that is.
FACTORS = (0.4, 1.1, 2.6, 0.7, 0.98, 0.85, 1.9, 0.3)


def divergence(
    kl: float, same_top: float, kl_error: float | None = None, *, tokens: int = 8_000, noise: float = NOISE
) -> DivergenceSummary:
    level = VerdictLevel.INDISTINGUISHABLE if kl <= noise else VerdictLevel.SMALL if kl < 0.02 else VerdictLevel.CLEAR
    return DivergenceSummary(
        tokens=tokens,
        scope="over 32 windows",
        kl_divergence=KlSummary(kl, kl_error, kl / 2, 3 * kl, 4 * kl, 6 * kl, 9 * kl, 20 * kl),
        same_top=same_top,
        same_top_standard_error=0.0025,
        delta_p_mean=-0.1,
        rms_delta_p=2.0,
        perplexity_reference=9.0,
        perplexity_candidate=9.2,
        ln_perplexity_ratio=0.8 * kl - 0.002,
        ln_perplexity_ratio_standard_error=0.0015,
        tie_flips=3,
        real_flips=round(tokens * (1 - same_top)),
        noise_floor=NoiseFloor(noise, "bf16 decode vs prefill", tokens),
        noise_multiple=kl / noise if noise else None,
        smallest_detectable_nats=1e-4,
        by_confidence=(),
        verdict=Verdict(level, f"{level}: by hand"),
    )


def categories(kl: float, same_top: float) -> tuple[CategoryDivergence, ...]:
    return tuple(
        CategoryDivergence(name, divergence(kl * factor, 1 - (1 - same_top) * factor, 0.06 * kl, tokens=610 + at))
        for at, (name, factor) in enumerate(zip(built_in_categories(), FACTORS, strict=True))
    )


def swept(name: str, gigabytes: float, kl: float | None, same_top: float, speed: float | None, **more: object):
    size = round(gigabytes * GB)
    row = SweptVariant(
        parse_variant(name),
        parameter_bytes=size,
        peak_bytes=size + GB // 2,
        needed_bytes=size + GB,
        tokens_per_second=speed,
        tokens_per_second_standard_error=None if speed is None else 0.02 * speed,
    )
    if kl is not None:
        summary = divergence(kl, same_top, max(0.05 * kl, 2e-6))
        suite = divergence(kl * 1.2, same_top - 0.005, 0.06 * kl, tokens=4_912)
        row = replace(row, text=summary, suite=suite, by_category=categories(kl * 1.2, same_top - 0.005))
    return replace(row, **more)


ROWS = (
    swept("bf16", 16.06, None, 1.0, 41.2),
    swept("fp16", 16.06, 6e-5, 0.998, 41.0),
    swept("int8", 9.08, 0.0121, 0.971, 12.2),
    swept("nf4", 6.02, 0.0312, 0.943, 30.3),
    swept("nf4+dq", 5.72, 0.0331, 0.938, 24.3),
    swept("fp4", 6.02, 0.0620, 0.912, 30.2),
    swept("nf4+head", 5.21, 0.1504, 0.861, 31.0),
)
FITS = {
    parse_variant(name): verdict
    for name, verdict in (
        ("bf16", FitVerdict.DOES_NOT_FIT),
        ("fp16", FitVerdict.DOES_NOT_FIT),
        ("int8", FitVerdict.TIGHT),
        ("nf4", FitVerdict.FITS),
        ("nf4+dq", FitVerdict.FITS),
        ("fp4", FitVerdict.FITS),
        ("nf4+head", FitVerdict.FITS),
    )
}
LIMITS = SweepLimits(memory_bytes=12 * GB, least_same_top=0.93)


def pair(first: SweptVariant, second: SweptVariant, part: SweepPart) -> PairComparison:
    """Told apart where the one is a fifth farther than the other."""
    ours, theirs = (one.text if part is SweepPart.TEXT else one.suite for one in (first, second))
    assert ours is not None
    assert theirs is not None
    a, b = ours.kl_divergence.mean, theirs.kl_divergence.mean
    finding = PairFinding.NOT_FOUND
    if max(a, b) > 1.2 * min(a, b):
        finding = PairFinding.FIRST_NEARER if a < b else PairFinding.SECOND_NEARER
    flips = PairedFlips(8_000, 20, 24, theirs.same_top - ours.same_top, 0.6, 0.004)
    kl = PairedKl(a, b, a - b, None, a / b, None, 0.4, 0.002)
    return PairComparison(
        first.variant,
        second.variant,
        part,
        kl,
        flips,
        kl_adjusted_p=0.8,
        flips_adjusted_p=1.0,
        tests=15,
        finding=finding,
        text=f"{first.variant} and {second.variant} were not told apart on the {part} (p = 0.80 after correction).",
    )


def result_of(rows: Sequence[SweptVariant], limits: SweepLimits = LIMITS) -> SweepResult:
    pairs = tuple(
        pair(first, second, part)
        for part in SweepPart
        for at, first in enumerate(rows)
        for second in rows[at + 1 :]
        if all((one.text if part is SweepPart.TEXT else one.suite) is not None for one in (first, second))
    )
    return SweepResult(
        REFERENCE,
        limits,
        tuple(rows),
        pairs,
        frontier_of(rows, REFERENCE, pairs),
        recommend(rows, REFERENCE, limits, pairs),
    )


def snapshot_of(
    rows: Sequence[SweptVariant] = ROWS,
    *,
    limits: SweepLimits = LIMITS,
    done: Sequence[int] | None = None,
    stage: str = "",
    failure: str | None = None,
    model: str = "meta-llama/Llama-3.1-8B",
) -> SweepSnapshot:
    """``done``: units read by each variant, of 112; None: all."""
    counts = list(done) if done is not None else [112] * len(rows)
    variants = [row.variant for row in rows]
    cells, total = sum(counts), 112 * len(rows)
    at_work: Variant | None = next((each for each, count in zip(variants, counts, strict=True) if count < 112), None)
    request = SweepRequest(
        "run-1", ModelEntry(model, "/models/llama", ModelSource.CACHE), REFERENCE, tuple(variants[1:]), limits=limits
    )
    return SweepSnapshot(
        request,
        EngineDescription("cuda:0", "NVIDIA H200", 1, {"torch": "2.8.0"}, 8),
        result_of(rows, limits),
        SweepProgress(
            stage=stage,
            variant=at_work if stage else None,
            cells_done=cells,
            cells_total=total,
            tokens_done=cells * 130,
            tokens_total=total * 130,
            elapsed_seconds=0.9 * cells,
            remaining_seconds=0.9 * (total - cells) if stage else None,
            by_variant=tuple(VariantProgress(one, count, 112) for one, count in zip(variants, counts, strict=True)),
        ),
        failure=failure,
    )


def unscored(row: SweptVariant) -> SweptVariant:
    return replace(
        row,
        parameter_bytes=None,
        peak_bytes=None,
        tokens_per_second=None,
        tokens_per_second_standard_error=None,
        text=None,
        suite=None,
        by_category=(),
    )


NOTHING_YET = snapshot_of([unscored(row) for row in ROWS], done=[0] * 7, stage="loading")
ONE_POINT = snapshot_of(
    [*ROWS[:3], *(unscored(row) for row in ROWS[3:])], done=[112, 60, 0, 0, 0, 0, 0], stage="scoring"
)
RUNNING = snapshot_of(
    [*ROWS[:5], *(unscored(row) for row in ROWS[5:])], done=[112, 112, 112, 112, 37, 0, 0], stage="scoring"
)
DONE = snapshot_of()
_CAUSE = "out of memory: 9.1 GB were asked for, 7.2 GB are free on NVIDIA H200"
FAILED = snapshot_of(
    [*ROWS[:2], replace(unscored(ROWS[2]), failure=_CAUSE), *ROWS[3:]], done=[112, 112, 0, 112, 112, 112, 112]
)
HOSTILE = snapshot_of(
    [
        ROWS[0],
        replace(
            ROWS[4], variant=replace(ROWS[4].variant, skip=("\x1b[31mred", "[bold]x[/bold]", "\u202eabc", "長い名前"))
        ),
        replace(ROWS[3], failure="[red]boom[/] \x1b]0;title\x07 \u202e"),
    ],
    limits=SweepLimits(),
    model="\x1b[2J[b]evil[/b]",
)


class SweepApp(App[None]):
    """One part of the sweep's screen; whatever look it asks for it gets, as on the real screen."""

    CSS_PATH = Path(app_module.__file__).with_name("app.tcss")

    def __init__(self, part: SweepFigures, snapshot: SweepSnapshot, look: SweepLook | None = None) -> None:
        super().__init__()
        for theme in OWN:
            self.register_theme(theme)
        self.theme = OWN[0].name
        self.part, self.snapshot, self.look = part, snapshot, look or SweepLook()

    def compose(self) -> ComposeResult:
        yield self.part

    def on_mount(self) -> None:
        self.part.focus()
        self.show()

    def show(self, snapshot: SweepSnapshot | None = None) -> None:
        self.snapshot = snapshot or self.snapshot
        self.part.show(self.snapshot, self.look, FITS)

    def on_sweep_look_requested(self, event: SweepLookRequested) -> None:
        self.look = event.look
        self.show()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return shades_of(self.current_theme)
