"""One view of the accelerators out of two: what NVML tells of GPUs, and what torch tells of its devices. Pure.

NVML's order is not CUDA's, and CUDA may see fewer: the two are matched by UUID, and by nothing else.
"""

from __future__ import annotations

from dataclasses import replace

from quanttui.records import DeviceMemory, EngineMemory, GpuReading, ReadingSource


def joined(gpus: tuple[GpuReading, ...], engine: EngineMemory) -> tuple[GpuReading, ...]:
    """``gpus`` with what torch knows of them, the engine's own first; then devices that NVML has nothing of."""
    by_uuid = {device.uuid: device for device in engine.devices}
    known = [_with_torch(gpu, by_uuid[gpu.uuid]) if gpu.uuid in by_uuid else gpu for gpu in gpus]
    seen = {gpu.uuid for gpu in gpus}
    alone = [_torch_alone(index, device) for index, device in enumerate(engine.devices) if device.uuid not in seen]
    return tuple(sorted([*known, *alone], key=lambda gpu: (gpu.torch_name is None, gpu.torch_name or "", gpu.index)))


def _with_torch(gpu: GpuReading, device: DeviceMemory) -> GpuReading:
    return replace(
        gpu,
        torch_name=device.name,
        allocated_bytes=device.allocated_bytes,
        reserved_bytes=device.reserved_bytes,
    )


def _torch_alone(index: int, device: DeviceMemory) -> GpuReading:
    """A MIG slice, a GPU of another maker, a driver without NVML: what torch tells is all there is."""
    known = device.total_bytes is not None and device.free_bytes is not None
    return GpuReading(
        index=index,
        uuid=device.uuid,
        name=device.model,
        total_bytes=device.total_bytes,
        used_bytes=(device.total_bytes or 0) - (device.free_bytes or 0) if known else None,
        free_bytes=device.free_bytes,
        engine_bytes=device.reserved_bytes,
        utilization_percent=None,
        torch_name=device.name,
        allocated_bytes=device.allocated_bytes,
        reserved_bytes=device.reserved_bytes,
        source=ReadingSource.TORCH,
    )
