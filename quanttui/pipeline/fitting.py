"""Whether a model fits here, variant by variant, before anything is loaded.

In two steps: ``foretell`` asks the engine, once a model and its variants; ``judge`` holds that against a reading of
memory and may be called again at every new one. Threads: ``foretell`` is a call of the engine like any other, so it
waits for nothing and must not come while a run is going on; ``judge`` is pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from quanttui.engine.base import Engine
from quanttui.errors import LoadError, UsageError, VariantUnsupportedError
from quanttui.pipeline.fit_words import advice, reason
from quanttui.pipeline.rooms import Rooms, memory_rooms
from quanttui.records import (
    EstimateRequest,
    Fit,
    FitVerdict,
    LoadRequest,
    MemoryEstimate,
    MemoryReading,
    ModelEntry,
    Placement,
    Precision,
    Variant,
)

TIGHT_SHARE = 0.10
TIGHT_BYTES = 512 * 2**20


@dataclass(frozen=True, slots=True)
class Foretold:
    """What the engine says of one variant: an estimate, or why there is none. ``runs``: False where the hardware
    cannot do its maths. ``caution``: what to know of it though it runs."""

    variant: Variant
    device: str
    estimate: MemoryEstimate | None
    problem: str = ""
    runs: bool = True
    caution: str = ""


def fits(
    engine: Engine,
    entry: ModelEntry,
    variants: Sequence[Variant],
    reference_dtype: Precision,
    tokens: int,
    read: Callable[[], MemoryReading],
) -> tuple[Fit, ...]:
    """``foretell`` and ``judge`` in one; memory is read once the engine has told."""
    foretold = foretell(engine, entry, variants, reference_dtype, tokens)
    return judge(foretold, read())


def foretell(
    engine: Engine,
    entry: ModelEntry,
    variants: Sequence[Variant],
    reference_dtype: Precision,
    tokens: int,
    *,
    score: bool = True,
) -> tuple[Foretold, ...]:
    """What each of ``variants`` will take with texts of ``tokens``; which maths the device can do is looked at first.

    Raises EngineDiedError and CancelledError; all else is part of the answer.
    """
    description = engine.describe()
    found = []
    for variant in variants:
        problem = description.unsupported.get(variant.precision)
        if problem:
            found.append(Foretold(variant, description.device, None, problem, runs=False))
            continue
        request = LoadRequest(entry.id, entry.path, variant, reference_dtype)
        caution = description.cautions.get(variant.precision, "")
        try:
            estimate = engine.estimate(EstimateRequest(request, tokens, score))
        except (LoadError, UsageError, VariantUnsupportedError) as error:
            runs = not isinstance(error, VariantUnsupportedError)
            found.append(Foretold(variant, description.device, None, error.message, runs=runs))
        else:
            found.append(Foretold(variant, description.device, estimate, caution=caution))
    return tuple(found)


def judge(foretold: Sequence[Foretold], reading: MemoryReading) -> tuple[Fit, ...]:
    """What was foretold against what is there. TIGHT: less than a tenth of what it needs, or less than 512 MiB, is
    to spare, which an estimate may be off by and other processes may take."""
    rooms = {one.device: memory_rooms(one.device, reading, one.estimate) for one in foretold}
    verdicts = [_verdict(one, rooms[one.device]) for one in foretold]
    others = [
        one.estimate
        for one, verdict in zip(foretold, verdicts, strict=True)
        if one.estimate is not None and verdict in (FitVerdict.FITS, FitVerdict.TIGHT)
    ]
    return tuple(_fit(one, verdict, rooms[one.device], others) for one, verdict in zip(foretold, verdicts, strict=True))


def _verdict(one: Foretold, rooms: Rooms) -> FitVerdict:
    if not one.runs:
        return FitVerdict.UNSUPPORTED
    if one.estimate is None or rooms.own_bytes is None:
        return FitVerdict.UNKNOWN
    needed = one.estimate.needed_bytes
    spare = rooms.own_bytes - needed
    if spare < 0:
        return FitVerdict.DOES_NOT_FIT
    if one.estimate.kv_cache_bytes is None:
        return FitVerdict.UNKNOWN
    return FitVerdict.TIGHT if spare < max(TIGHT_BYTES, TIGHT_SHARE * needed) else FitVerdict.FITS


def _fit(one: Foretold, verdict: FitVerdict, rooms: Rooms, others: Sequence[MemoryEstimate]) -> Fit:
    if one.estimate is None:
        return Fit(one.variant, one.device, verdict, one.problem)
    short = verdict is FitVerdict.DOES_NOT_FIT
    placement = rooms.placement(one.estimate) if short else Placement.DEVICE
    why = reason(one.estimate, rooms, verdict)
    return Fit(
        variant=one.variant,
        device=one.device,
        verdict=verdict,
        reason=f"{why}; {one.caution}" if one.caution else why,
        advice=advice(one.estimate, rooms, placement, others) if short else "",
        estimate=one.estimate,
        room_bytes=rooms.own_bytes,
        placement=placement,
    )
