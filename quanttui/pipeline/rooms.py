"""How much memory a model can have on each device, out of a reading. Pure; knows no engine."""

from __future__ import annotations

from dataclasses import dataclass

from quanttui.records import MemoryEstimate, MemoryReading, Placement
from quanttui.records.hardware import device_index


@dataclass(frozen=True, slots=True)
class Rooms:
    """``own_bytes``: on the device the engine works on. ``own_index``: of that GPU, None on a CPU. ``gpus``: index and
    room of the other GPUs. ``others_bytes``: what other processes hold on the own device. None: not known."""

    own_bytes: int | None
    own_index: int | None
    total_bytes: int | None
    others_bytes: int | None
    gpus: tuple[tuple[int, int], ...]
    host_bytes: int

    def placement(self, estimate: MemoryEstimate) -> Placement:
        """Where ``estimate`` would have room if not on the own device. What bitsandbytes quantized cannot lie on the
        host while the GPU computes, so only unquantized variants can be offloaded."""
        needed, own = estimate.needed_bytes, self.own_bytes or 0
        if self.own_index is None:
            return Placement.NOWHERE
        if any(room >= needed for _, room in self.gpus):
            return Placement.OTHER_DEVICE
        together = own + sum(max(0, room - estimate.context_bytes) for _, room in self.gpus)
        if self.gpus and together >= needed:
            return Placement.SPREAD
        if not estimate.variant.precision.is_quantized and together + self.host_bytes >= needed:
            return Placement.OFFLOADED
        return Placement.NOWHERE


def memory_rooms(device: str, reading: MemoryReading, estimate: MemoryEstimate | None) -> Rooms:
    """What is free, and what the engine holds itself, which is its own to use: its context, and a model that will be
    gone before the next is loaded. Where the driver does not tell the engine's share, that is its context at least."""
    context = estimate.context_bytes if estimate else 0
    host = reading.host
    if device == "cpu":
        ours = context if host.engine_bytes is None else host.engine_bytes
        room, used = host.available_bytes + ours, max(0, host.used_bytes - ours)
        return Rooms(room, None, host.total_bytes, used, (), host.available_bytes)
    own = reading.own_gpu(device)
    index = own.index if own else device_index(device)
    rest = tuple((gpu.index, gpu.free_bytes) for gpu in reading.gpus if gpu is not own and gpu.free_bytes is not None)
    if own is None or own.free_bytes is None or own.problem is not None:
        return Rooms(None, index, own.total_bytes if own else None, None, rest, host.available_bytes)
    share = own.engine_bytes or context
    others = None if own.used_bytes is None else max(0, own.used_bytes - share)
    return Rooms(own.free_bytes + share, own.index, own.total_bytes, others, rest, host.available_bytes)
