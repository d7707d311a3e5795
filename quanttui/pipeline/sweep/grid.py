"""Which variants a sweep takes where all that fit are asked for. Asks the engine; loads nothing."""

from __future__ import annotations

from collections.abc import Callable

from quanttui.engine.base import Engine
from quanttui.errors import UsageError
from quanttui.pipeline.driving import kept_dtype
from quanttui.pipeline.fitting import fits
from quanttui.pipeline.sweep.units import longest_unit
from quanttui.records import Fit, FitVerdict, MemoryReading, Precision, SweepRequest, Variant
from quanttui.variants import default_candidates

_QUANTIZED = (
    Variant(Precision.INT8),
    Variant(Precision.NF4),
    Variant(Precision.NF4, double_quant=True),
    Variant(Precision.FP4),
    Variant(Precision.FP4, double_quant=True),
)
_HALVES = (Variant(Precision.BF16), Variant(Precision.FP16))
_RUNS = (FitVerdict.FITS, FitVerdict.TIGHT, FitVerdict.UNKNOWN)


def standard_grid(reference: Variant, prequantized: str | None = None) -> tuple[Variant, ...]:
    """What is worth a try in place of ``reference``: everything smaller. Of an fp32 reference, the half-precision types
    too; of a model that was saved quantized, that alone."""
    halves = _HALVES if reference.precision is Precision.FP32 else ()
    quantized = default_candidates(prequantized) if prequantized else _QUANTIZED
    return tuple(variant for variant in halves + quantized if variant != reference)


def all_that_fit(
    engine: Engine, request: SweepRequest, reference: Variant, read: Callable[[], MemoryReading]
) -> tuple[Variant, ...]:
    """The standard grid, less what cannot run here and what does not fit. Whether one fits that cannot be foretold is
    tried out. Raises UsageError where nothing is left, and what ``Engine.estimate`` raises of an engine that died."""
    model = request.model
    grid = standard_grid(reference, model.prequantized)
    dtype = kept_dtype(reference, model.dtype, engine.describe().device)
    found = fits(engine, model, grid, dtype, longest_unit(request), read)
    fitting = tuple(fit.variant for fit in found if fit.verdict in _RUNS)
    if not fitting:
        raise UsageError(f"no variant of {model.id} fits here: {_why(found)}", "Name variants, or a smaller model.")
    return fitting


def _why(found: tuple[Fit, ...]) -> str:
    return "; ".join(f"{fit.variant} {fit.reason}" for fit in found) or "there is none but the reference"
