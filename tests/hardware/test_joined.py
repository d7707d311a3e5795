"""NVML's GPUs and torch's devices as one list: matched by UUID, never by order."""

from __future__ import annotations

import os
from dataclasses import replace

from quanttui.hardware.joined import joined
from quanttui.hardware.process_names import ProcessNames
from quanttui.records import DeviceMemory, EngineMemory, GpuProcess, GpuReading, ReadingSource

GIB = 2**30


def gpu(index: int) -> GpuReading:
    return GpuReading(index, f"GPU-{index}", "Fake", 80 * GIB, 20 * GIB, 60 * GIB, 6 * GIB, 5)


def device(index: int, uuid: str, free: int | None = 50 * GIB) -> DeviceMemory:
    total = None if free is None else 80 * GIB
    return DeviceMemory(f"cuda:{index}", uuid, "Fake", 3 * GIB, 4 * GIB, free, total)


def test_without_torch_nothing_changes() -> None:
    assert joined((gpu(0), gpu(1)), EngineMemory()) == (gpu(0), gpu(1))


def test_the_engine_s_gpu_is_found_by_its_uuid_and_comes_first() -> None:
    engine = EngineMemory((device(0, "GPU-2"), device(1, "GPU-0")))
    first, second, third = joined((gpu(0), gpu(1), gpu(2)), engine)
    assert (first.index, first.torch_name) == (2, "cuda:0")
    assert (first.allocated_bytes, first.reserved_bytes, first.used_bytes) == (3 * GIB, 4 * GIB, 20 * GIB)
    assert (second.index, second.torch_name) == (0, "cuda:1")
    assert (third.index, third.torch_name, third.allocated_bytes) == (1, None, None)


def test_a_device_that_nvml_does_not_know_is_what_torch_tells_and_marked_so() -> None:
    (alone,) = joined((), EngineMemory((device(0, "MIG-1"),)))
    assert alone.source is ReadingSource.TORCH
    assert (alone.used_bytes, alone.free_bytes, alone.engine_bytes) == (30 * GIB, 50 * GIB, 4 * GIB)
    assert (alone.utilization_percent, alone.power_watts) == (None, None)


def test_what_torch_cannot_tell_is_not_known_rather_than_zero() -> None:
    (alone,) = joined((), EngineMemory((device(0, "GPU-9", free=None),)))
    assert (alone.total_bytes, alone.used_bytes, alone.free_bytes) == (None, None, None)


def test_processes_get_the_names_that_this_user_may_see() -> None:
    processes = (GpuProcess(os.getpid(), None, GIB), GpuProcess(2**22 + 1, None, None))
    (named,) = ProcessNames().named((replace(gpu(0), processes=processes),))
    ours, nobody = named.processes
    assert ours.name is not None
    assert "python" in ours.name
    assert (nobody.name, nobody.used_bytes) == (None, None)
