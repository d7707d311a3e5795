"""What fits: verdicts, reasons and advice from estimates and readings alone, and what is asked of the engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from quanttui.engine.scripted import ScriptedEngine, default_script
from quanttui.errors import EngineDiedError, LoadError
from quanttui.pipeline import run_comparison
from quanttui.pipeline.fitting import Foretold, fits, foretell, judge
from quanttui.records import (
    EstimateRequest,
    Fit,
    FitVerdict,
    GenerationSettings,
    GpuReading,
    HostReading,
    MemoryEstimate,
    MemoryReading,
    ModelEntry,
    ModelSource,
    Placement,
    Precision,
    RunRequest,
    Variant,
)
from quanttui.records.events import LoadStarted, ModelLoaded, RunFailed
from quanttui.variants import parse_variant

GIB = 2**30
ENTRY = ModelEntry("demo", "/models/demo", ModelSource.DEMO, dtype=Precision.BF16)
HOST = HostReading(64 * GIB, 14 * GIB, 50 * GIB, GIB)


def estimate(variant: str = "bf16", weights_gib: float = 16, **changes: Any) -> MemoryEstimate:
    weights_bytes = int(weights_gib * GIB)
    made = MemoryEstimate(
        variant=parse_variant(variant),
        device="cuda:0",
        tokens=4096,
        weights_bytes=weights_bytes,
        kv_cache_bytes=GIB,
        activation_bytes=GIB,
        scoring_bytes=0,
        kept_bytes=0,
        load_peak_bytes=weights_bytes,
        context_bytes=GIB // 2,
    )
    return replace(made, **changes)


def gpu(free_gib: float | None, *, index: int = 0, engine_gib: float | None = 0.5, **changes: Any) -> GpuReading:
    free = None if free_gib is None else int(free_gib * GIB)
    engine = None if engine_gib is None else int(engine_gib * GIB)
    made = GpuReading(index, f"GPU-{index}", "a card", 24 * GIB, None, free, engine, None)
    return replace(made, used_bytes=None if free is None else 24 * GIB - free, **changes)


def reading(*gpus: GpuReading, host: HostReading = HOST) -> MemoryReading:
    return MemoryReading(0.0, gpus, host)


def judged(one: MemoryEstimate, now: MemoryReading) -> Fit:
    (fit,) = judge([Foretold(one.variant, one.device, one)], now)
    return fit


@pytest.mark.parametrize(
    ("free_gib", "verdict"),
    [
        (23, FitVerdict.FITS),
        (20, FitVerdict.FITS),
        (19, FitVerdict.TIGHT),
        (18, FitVerdict.TIGHT),
        (17.9, FitVerdict.DOES_NOT_FIT),
        (0, FitVerdict.DOES_NOT_FIT),
    ],
)
def test_a_verdict_is_what_is_left_of_what_is_free_and_the_engines_own(free_gib: float, verdict: FitVerdict) -> None:
    """Needed: 16 + 2 + 0.5 for the context, which the engine holds already. A tenth of that is 1.85."""
    assert judged(estimate(), reading(gpu(free_gib))).verdict is verdict


def test_a_small_model_is_tight_below_half_a_gibibyte() -> None:
    small = estimate(weights_gib=0.1, kv_cache_bytes=0, activation_bytes=0)
    assert judged(small, reading(gpu(0.5))).verdict is FitVerdict.TIGHT
    assert judged(small, reading(gpu(0.7))).verdict is FitVerdict.FITS


def test_the_memory_of_a_model_that_will_be_gone_counts_as_room() -> None:
    assert judged(estimate(), reading(gpu(2, engine_gib=21))).verdict is FitVerdict.FITS


def test_where_the_driver_does_not_tell_the_engines_share_it_is_its_context() -> None:
    fit = judged(estimate(), reading(gpu(18, engine_gib=None)))
    assert (fit.verdict, fit.room_bytes) == (FitVerdict.TIGHT, int(18.5 * GIB))


def test_what_is_not_known_is_no_verdict() -> None:
    lost = gpu(20, problem="lost")
    for now in (reading(), reading(gpu(None)), reading(lost)):
        fit = judged(estimate(), now)
        assert (fit.verdict, fit.room_bytes) == (FitVerdict.UNKNOWN, None)
        assert "not known" in fit.reason
    unwalked = estimate(kv_cache_bytes=None, activation_bytes=None)
    assert judged(unwalked, reading(gpu(20))).verdict is FitVerdict.UNKNOWN
    assert judged(unwalked, reading(gpu(15))).verdict is FitVerdict.DOES_NOT_FIT


def test_the_peak_of_loading_can_be_what_does_not_fit() -> None:
    peaking = estimate("nf4", 4, load_peak_bytes=21 * GIB)
    assert judged(peaking, reading(gpu(20))).verdict is FitVerdict.DOES_NOT_FIT
    assert judged(peaking, reading(gpu(24))).verdict is FitVerdict.FITS


def test_scoring_takes_the_place_of_cache_and_activations_and_keeps_the_reference_beside_it() -> None:
    scored = estimate(scoring_bytes=5 * GIB, kept_bytes=GIB)
    assert scored.needed_bytes == int((16 + 5 + 1 + 0.5) * GIB)
    assert scored.peak_bytes == 21 * GIB


def test_on_a_cpu_it_is_the_hosts_memory_and_mapped_files_need_none() -> None:
    mapped = estimate(device="cpu", weights_gib=40, mapped_bytes=40 * GIB)
    fit = judged(mapped, reading(gpu(1)))
    assert (fit.verdict, fit.room_bytes) == (FitVerdict.FITS, 51 * GIB)
    assert mapped.peak_bytes == 82 * GIB


def test_reason_and_advice_say_how_much_is_short_and_what_would_fit() -> None:
    asked = [estimate("bf16"), estimate("int8", 9), estimate("nf4", 6)]
    now = reading(gpu(12))
    big, middle, small = judge([Foretold(one.variant, one.device, one) for one in asked], now)
    assert [fit.verdict for fit in (big, middle, small)] == ["does not fit", "tight", "fits"]
    assert big.reason == "needs 18.5 GiB, 12.5 GiB are there: 6.0 GiB short"
    assert "int8 would fit: 11.5 GiB." in big.advice
    assert "Other processes hold 11.5 GiB there" in big.advice
    assert "to spare" in middle.reason
    assert small.advice == middle.advice == ""


def test_fewer_tokens_are_offered_where_they_would_do_and_do_fit() -> None:
    long = estimate(tokens=100_000, kv_cache_bytes=8 * GIB, activation_bytes=2 * GIB)
    fit = judged(long, reading(gpu(18)))
    assert "About 20,000 tokens instead of 100,000 would fit." in fit.advice
    fewer = replace(long, tokens=20_000, kv_cache_bytes=int(1.6 * GIB), activation_bytes=int(0.4 * GIB))
    assert judged(fewer, reading(gpu(18))).verdict is not FitVerdict.DOES_NOT_FIT
    assert "tokens" not in judged(long, reading(gpu(10))).advice


@pytest.mark.parametrize(
    ("variant", "others", "placement", "word"),
    [
        ("bf16", [20.0], Placement.OTHER_DEVICE, "GPU 1 has room"),
        ("bf16", [10.0], Placement.SPREAD, "Spread over 2 GPUs"),
        ("bf16", [1.0], Placement.OFFLOADED, "host's memory"),
        ("bf16", [], Placement.OFFLOADED, "speed of the link"),
        ("nf4", [1.0], Placement.NOWHERE, "cannot be kept in the host's memory"),
    ],
)
def test_with_other_gpus_or_the_host_it_says_where_it_would_go_and_at_what_cost(
    variant: str, others: list[float], placement: Placement, word: str
) -> None:
    rest = [gpu(free, index=index, engine_gib=0) for index, free in enumerate(others, 1)]
    fit = judged(estimate(variant), reading(gpu(10), *rest))
    assert (fit.verdict, fit.placement) == (FitVerdict.DOES_NOT_FIT, placement)
    assert word in fit.advice


def test_the_gpu_of_the_engine_is_the_one_that_it_has_memory_on() -> None:
    """The driver's numbers are not torch's."""
    assert judged(estimate(), reading(gpu(1, engine_gib=0), gpu(23, index=1))).verdict is FitVerdict.FITS


def test_torchs_own_word_goes_before_what_the_driver_says_of_shares() -> None:
    """Two engines of one user: each has memory on a GPU, and torch names the one that is ours."""
    ours = gpu(23, index=1, engine_gib=None, torch_name="cuda:0")
    assert judged(estimate(), reading(gpu(1, engine_gib=2), ours)).verdict is FitVerdict.FITS


class Refusing(ScriptedEngine):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def estimate(self, request: EstimateRequest) -> MemoryEstimate:
        raise self.error


def test_the_maths_of_the_hardware_is_looked_at_before_the_memory() -> None:
    script = default_script(unsupported={"int8": "no int8 here"}, cautions={"bf16": "bf16 is emulated"})
    variants = [parse_variant(text) for text in ("bf16", "int8")]
    bf16, int8 = fits(ScriptedEngine(script), ENTRY, variants, Precision.BF16, 100, reading)
    assert (int8.verdict, int8.reason, int8.estimate) == (FitVerdict.UNSUPPORTED, "no int8 here", None)
    assert (bf16.verdict, bf16.reason.endswith("; bf16 is emulated")) == (FitVerdict.FITS, True)


def test_a_model_that_cannot_be_estimated_is_told_and_a_dead_engine_is_raised() -> None:
    engine = Refusing(LoadError("no such architecture"))
    (fit,) = fits(engine, ENTRY, [Variant(Precision.NF4)], Precision.BF16, 100, reading)
    assert (fit.verdict, fit.reason) == (FitVerdict.UNKNOWN, "no such architecture")
    with pytest.raises(EngineDiedError):
        foretell(Refusing(EngineDiedError("gone")), ENTRY, [Variant(Precision.NF4)], Precision.BF16, 100)


def run_request(**changes: Any) -> RunRequest:
    request = RunRequest("1", ENTRY, None, (Variant(Precision.NF4),), ("Once upon",), GenerationSettings(8))
    return replace(request, **changes)


def test_every_load_of_a_run_carries_what_was_foretold_of_it() -> None:
    events = list(run_comparison(ScriptedEngine(), run_request()))
    started = [event.predicted for event in events if isinstance(event, LoadStarted)]
    reports = [event.report for event in events if isinstance(event, ModelLoaded)]
    assert [report.predicted for report in reports] == started
    assert [report.predicted.weights_bytes for report in reports if report.predicted] == [
        report.parameter_bytes for report in reports
    ]
    assert started[0] is not None
    assert 8 < started[0].tokens < 8 + len("Once upon")


def test_a_run_goes_on_where_nothing_can_be_foretold_and_fails_where_the_engine_died() -> None:
    events = list(run_comparison(Refusing(LoadError("no idea")), run_request()))
    assert [event.report.predicted for event in events if isinstance(event, ModelLoaded)] == [None, None]
    assert not isinstance(events[-1], RunFailed)
    last = list(run_comparison(Refusing(EngineDiedError("gone")), run_request()))[-1]
    assert isinstance(last, RunFailed)
    assert last.message == "gone"
