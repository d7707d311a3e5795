"""Which variants of a sweep have room now, out of a reading of memory. Pure; the pipeline behind it has numpy."""

from __future__ import annotations

from collections.abc import Mapping

from quanttui.pipeline.fitting import TIGHT_BYTES, TIGHT_SHARE
from quanttui.pipeline.rooms import memory_rooms
from quanttui.records import FitVerdict, MemoryReading, SweepSnapshot, Variant


def fits_now(snapshot: SweepSnapshot, reading: MemoryReading | None, device: str) -> Mapping[Variant, FitVerdict]:
    """Judged as in the cockpit, by what each needed when it was loaded. What is not known is left out."""
    room_bytes = memory_rooms(device, reading, None).own_bytes if reading is not None else None
    if room_bytes is None:
        return {}
    return {
        row.variant: _verdict(row.needed_bytes, room_bytes)
        for row in snapshot.result.variants
        if row.needed_bytes is not None
    }


def _verdict(needed_bytes: int, room_bytes: int) -> FitVerdict:
    spare_bytes = room_bytes - needed_bytes
    if spare_bytes < 0:
        return FitVerdict.DOES_NOT_FIT
    return FitVerdict.TIGHT if spare_bytes < max(TIGHT_BYTES, TIGHT_SHARE * needed_bytes) else FitVerdict.FITS
