"""A fit in words: why it fits or not, and what would. Pure text; knows no engine and no reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from quanttui.pipeline.rooms import Rooms
from quanttui.records import FitVerdict, MemoryEstimate, Placement
from quanttui.units import format_memory

_FEWEST_TOKENS = 16


def reason(estimate: MemoryEstimate, rooms: Rooms, verdict: FitVerdict) -> str:
    """``needs 6.4 GiB, 5.1 GiB are there: 1.3 GiB short``."""
    needed, room = estimate.needed_bytes, rooms.own_bytes
    if room is None:
        return f"needs {format_memory(needed)}; how much is free on {estimate.device} is not known"
    there = f"needs {format_memory(needed)}{_with_engine(estimate)}, {format_memory(room)} are there"
    match verdict:
        case FitVerdict.DOES_NOT_FIT:
            return f"{there}: {format_memory(needed - room)} short"
        case FitVerdict.TIGHT:
            return f"{there}: only {format_memory(room - needed)} to spare"
        case FitVerdict.UNKNOWN:
            return f"{there}, but what it takes beside its weights cannot be foretold"
    return there


def _with_engine(estimate: MemoryEstimate) -> str:
    """Told where the engine process takes more than the model does, which a small model's need cannot explain."""
    if estimate.context_bytes <= estimate.needed_bytes - estimate.context_bytes:
        return ""
    return f" ({format_memory(estimate.context_bytes)} of it the engine itself)"


def advice(estimate: MemoryEstimate, rooms: Rooms, placement: Placement, fitting: Sequence[MemoryEstimate]) -> str:
    """What would help one that does not fit, the smallest change first."""
    return " ".join(_advice(estimate, rooms, placement, fitting)) or "No way is known to make it fit here."


def _advice(
    estimate: MemoryEstimate, rooms: Rooms, placement: Placement, fitting: Sequence[MemoryEstimate]
) -> Iterator[str]:
    if tokens := _tokens_that_fit(estimate, rooms):
        yield f"About {tokens:,} tokens instead of {estimate.tokens:,} would fit."
    if rooms.others_bytes and rooms.total_bytes and estimate.needed_bytes <= rooms.total_bytes:
        yield f"Other processes hold {format_memory(rooms.others_bytes)} there: with less of that it would fit."
    yield from _placed(estimate, rooms, placement)
    if fitting:
        best = max(fitting, key=lambda other: other.weights_bytes)
        yield f"{best.variant} would fit: {format_memory(best.needed_bytes)}."


def _placed(estimate: MemoryEstimate, rooms: Rooms, placement: Placement) -> Iterator[str]:
    match placement:
        case Placement.OTHER_DEVICE:
            index = max(rooms.gpus, key=lambda gpu: gpu[1])[0]
            yield f"GPU {index} has room for it."
        case Placement.SPREAD:
            yield f"Spread over {len(rooms.gpus) + 1} GPUs (device_map=auto) it would fit; one works at a time."
        case Placement.OFFLOADED:
            rest = estimate.needed_bytes - (rooms.own_bytes or 0) - sum(room for _, room in rooms.gpus)
            yield (
                f"With {format_memory(max(0, rest))} of it in the host's memory (device_map=auto) it would run, "
                "those layers at the speed of the link to the host."
            )
        case Placement.NOWHERE if estimate.variant.precision.is_quantized and rooms.own_index is not None:
            yield "What bitsandbytes quantized cannot be kept in the host's memory."


def _tokens_that_fit(estimate: MemoryEstimate, rooms: Rooms) -> int | None:
    """What grows with the text, taken as growing in proportion to it."""
    growing = (estimate.kv_cache_bytes or 0) + (estimate.activation_bytes or 0)
    fixed = estimate.needed_bytes - max(0, growing)
    at_most = estimate.weights_bytes + growing
    if rooms.own_bytes is None or not growing or at_most < estimate.load_peak_bytes or growing < estimate.scoring_bytes:
        return None
    tokens = estimate.tokens * (rooms.own_bytes - fixed) // growing
    return tokens if tokens >= _FEWEST_TOKENS else None
