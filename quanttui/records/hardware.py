"""Readings of devices and of the host. None in a field means the device does not tell: shown as "n/a", never as 0."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ReadingSource(StrEnum):
    """Who told: the driver (NVML), or torch inside the engine where NVML has nothing of this device."""

    NVML = "nvml"
    TORCH = "torch"


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """An accelerator as torch sees it in the engine process. ``name`` is torch's ("cuda:0").

    ``allocated_bytes``: in use by tensors; ``reserved_bytes``: what the allocator holds of the device, of which the
    rest is free for the next tensor, though no other process gets it.
    """

    name: str
    uuid: str
    model: str
    allocated_bytes: int
    reserved_bytes: int
    free_bytes: int | None
    total_bytes: int | None


@dataclass(frozen=True, slots=True)
class EngineMemory:
    """All accelerators that the engine may use; none on a CPU."""

    devices: tuple[DeviceMemory, ...] = ()


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A process that holds memory of a GPU. ``name`` None: not permitted, or of another process namespace."""

    process_id: int
    name: str | None
    used_bytes: int | None


@dataclass(frozen=True, slots=True)
class GpuReading:
    """One GPU at one moment. ``engine_bytes``: the engine process's own share, as the driver counts it.

    ``processes``: the others, the largest first. ``throttling``: what holds its clocks down, in words.
    ``torch_name``: the device of the engine that it is ("cuda:0"), None where the engine does not see it;
    ``allocated_bytes`` and ``reserved_bytes`` as in ``DeviceMemory``.
    """

    index: int
    uuid: str
    name: str
    total_bytes: int | None
    used_bytes: int | None
    free_bytes: int | None
    engine_bytes: int | None
    utilization_percent: int | None
    power_watts: float | None = None
    temperature_celsius: int | None = None
    problem: str | None = None
    processes: tuple[GpuProcess, ...] = ()
    throttling: tuple[str, ...] = ()
    torch_name: str | None = None
    allocated_bytes: int | None = None
    reserved_bytes: int | None = None
    source: ReadingSource = ReadingSource.NVML


@dataclass(frozen=True, slots=True)
class HostReading:
    """The host's memory and the engine process's share (resident memory). ``cpu_percent``: of the whole machine."""

    total_bytes: int
    used_bytes: int
    available_bytes: int
    engine_bytes: int | None
    cpu_percent: float | None = None


@dataclass(frozen=True, slots=True)
class MemoryReading:
    """All that was read at ``at_seconds`` (a monotonic clock). ``nvml_problem``: why there are no GPUs here."""

    at_seconds: float
    gpus: tuple[GpuReading, ...]
    host: HostReading
    nvml_problem: str | None = None

    def own_gpu(self, device: str) -> GpuReading | None:
        """The one that the engine's ``device`` is, by the UUID that torch has; before that is known the one that the
        engine has memory on, else the one of its number."""
        matched = next((gpu for gpu in self.gpus if gpu.torch_name == device), None)
        if matched is not None:
            return matched
        holding = [gpu for gpu in self.gpus if gpu.engine_bytes]
        if len(self.gpus) == 1 or len(holding) == 1:
            return (holding or self.gpus)[0]
        return next((gpu for gpu in self.gpus if gpu.index == device_index(device)), None)


def device_index(device: str) -> int:
    """``cuda:1`` is 1; a device without a number is the first of its kind."""
    number = device.partition(":")[2]
    return int(number) if number.isdigit() else 0
