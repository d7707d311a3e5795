"""Readings of devices and of the host. None in a field means the device does not tell: shown as "n/a", never as 0."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GpuReading:
    """One GPU at one moment. ``engine_bytes``: the engine process's own share."""

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
