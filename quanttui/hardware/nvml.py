"""NVIDIA's GPUs as NVML tells them; the only place that imports pynvml. Knows no engine, no clock, no thread.

NVML sees every GPU that the driver lets it see: CUDA_VISIBLE_DEVICES limits nothing here, and NVML's index is not
CUDA's (map by UUID). Inside a container process ids are the host's, so that the engine's own share may not be found.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from quanttui.records import GpuProcess, GpuReading

# Errors after which a GPU answers nothing more, and may hang whoever goes on asking.
_FATAL = ("NVML_ERROR_GPU_IS_LOST", "NVML_ERROR_RESET_REQUIRED")
# nvml.h, nvmlClocksEventReasons: what slows a GPU down without having been asked for.
_THROTTLING = {
    0x04: "power cap",
    0x08: "hardware slowdown",
    0x20: "too hot",
    0x40: "hardware: too hot",
    0x80: "hardware: power brake",
}
_STARTUP = {
    "NVML_ERROR_LIBRARY_NOT_FOUND": "no NVIDIA driver is installed (libnvidia-ml.so.1 cannot be loaded)",
    "NVML_ERROR_DRIVER_NOT_LOADED": "the NVIDIA driver is not loaded",
    "NVML_ERROR_LIB_RM_VERSION_MISMATCH": "the NVIDIA driver was updated while its old version runs: reboot",
    "NVML_ERROR_NO_PERMISSION": "no permission to ask the NVIDIA driver",
}


@dataclass(frozen=True, slots=True)
class _Gpu:
    """What never changes of a GPU. ``handle`` None: it could not be had, and ``problem`` says why."""

    index: int
    handle: Any
    uuid: str = ""
    name: str = ""
    problem: str | None = None


class NvmlReader:
    """Reads all GPUs. NVML is started by the first ``read`` (up to seconds, where no driver daemon keeps GPUs awake).

    Any call may hang or, with a lost GPU, even crash the process: call it off the UI thread. One thread at a time.
    """

    def __init__(self) -> None:
        self.problem: str | None = None
        """Why there are no GPUs to read, once the first ``read`` has shown it."""
        self._nvml: Any = None
        self._gpus: tuple[_Gpu, ...] | None = None

    def read(self, engine_process_id: int | None = None) -> tuple[GpuReading, ...]:
        """One reading for each GPU, a lost one included; none where ``problem`` says why. Never raises NVML's errors.

        What a GPU does not tell is None. ``engine_process_id``: whose share to look for.
        """
        if self._gpus is None:
            self._gpus = self._start()
        return tuple(self._read_gpu(gpu, engine_process_id) for gpu in self._gpus)

    def close(self) -> None:
        """Let NVML go. A later ``read`` starts it anew."""
        nvml, self._nvml, self._gpus = self._nvml, None, None
        if nvml is not None:
            _ask(nvml, nvml.nvmlShutdown)

    def _start(self) -> tuple[_Gpu, ...]:
        self.problem = None
        try:
            nvml: Any = importlib.import_module("pynvml")
        except ImportError:
            self.problem = "the package nvidia-ml-py is not installed"
            return ()
        try:
            nvml.nvmlInit()
            self._nvml = nvml
            count = nvml.nvmlDeviceGetCount()
        except nvml.NVMLError as error:
            self.problem = _startup_problem(nvml, error)
            return ()
        if count == 0:
            self.problem = "the NVIDIA driver has no GPU to show"
        return tuple(_open_gpu(nvml, index) for index in range(count))

    def _read_gpu(self, gpu: _Gpu, engine_process_id: int | None) -> GpuReading:
        nvml, handle = self._nvml, gpu.handle
        reading = _unread(gpu)
        if handle is None:
            return reading
        try:
            memory = _memory(nvml, handle)
        except nvml.NVMLError as error:
            return replace(reading, problem=str(error))
        utilization = _ask(nvml, nvml.nvmlDeviceGetUtilizationRates, handle)
        milliwatts = _ask(nvml, nvml.nvmlDeviceGetPowerUsage, handle)
        processes = _processes_of(nvml, handle)
        return replace(
            reading,
            total_bytes=None if memory is None else memory.total,
            used_bytes=None if memory is None else memory.used,
            free_bytes=None if memory is None else memory.free,
            engine_bytes=next((p.used_bytes for p in processes if p.process_id == engine_process_id), None),
            processes=tuple(process for process in processes if process.process_id != engine_process_id),
            throttling=_throttling(nvml, handle),
            utilization_percent=None if utilization is None else utilization.gpu,
            power_watts=None if milliwatts is None else milliwatts / 1000,
            temperature_celsius=_ask(nvml, nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU),
        )


def _open_gpu(nvml: Any, index: int) -> _Gpu:
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
    except nvml.NVMLError as error:
        return _Gpu(index, None, name=f"GPU {index}", problem=str(error))
    uuid = _text(_ask(nvml, nvml.nvmlDeviceGetUUID, handle))
    name = _text(_ask(nvml, nvml.nvmlDeviceGetName, handle))
    return _Gpu(index, handle, uuid, name or f"GPU {index}")


def _unread(gpu: _Gpu) -> GpuReading:
    return GpuReading(gpu.index, gpu.uuid, gpu.name, None, None, None, None, None, problem=gpu.problem)


def _memory(nvml: Any, handle: Any) -> Any:
    """Total, free and used bytes, or None; raises the fatal NVML errors, so that nothing more is asked.

    The second version counts what the driver reserves apart from what is used, as nvidia-smi shows it; drivers before
    510 have only the first.
    """
    fatal = {getattr(nvml, name) for name in _FATAL}
    for version in (nvml.nvmlMemory_v2, None):
        try:
            return nvml.nvmlDeviceGetMemoryInfo(handle, version)
        except nvml.NVMLError as error:
            if error.value in fatal:
                raise
    return None


def _processes_of(nvml: Any, handle: Any) -> list[GpuProcess]:
    """Who holds memory of this GPU, the largest first.

    A process that computes and draws stands in both lists with the same figure; one on several MIG slices stands in
    one list several times. NVML does not list a process that holds nothing, and inside a container gives all of them
    the ids that they have on the host.
    """
    used: dict[int, int | None] = {}
    for kind in ("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetGraphicsRunningProcesses"):
        processes = list(_processes(nvml, handle, kind))
        for process_id in dict.fromkeys(process.pid for process in processes):
            shares = (used.get(process_id), _share(processes, process_id))
            used[process_id] = max((share for share in shares if share is not None), default=None)
    found = [GpuProcess(process_id, None, share) for process_id, share in used.items()]
    return sorted(found, key=lambda process: process.used_bytes or 0, reverse=True)


def _throttling(nvml: Any, handle: Any) -> tuple[str, ...]:
    """What holds the clocks down, the user's own settings and idleness left out."""
    for function in ("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons"):
        bits = _ask(nvml, getattr(nvml, function), handle) if hasattr(nvml, function) else None
        if bits is not None:
            return tuple(words for bit, words in _THROTTLING.items() if bits & bit)
    return ()


def _processes(nvml: Any, handle: Any, function: str) -> Iterable[Any]:
    """By the newest version of the call that the driver knows; the versions differ in layout, pynvml sees to that."""
    for version in ("_v3", "_v2"):
        processes = _ask(nvml, getattr(nvml, function + version), handle)
        if processes is not None:
            return list(processes)
    return ()


def _share(processes: Iterable[Any], process_id: int) -> int | None:
    sizes = [process.usedGpuMemory for process in processes if process.pid == process_id]
    known = [size for size in sizes if size is not None]
    return sum(known) if known else None


def _startup_problem(nvml: Any, error: Any) -> str:
    for name, text in _STARTUP.items():
        if error.value == getattr(nvml, name):
            return text
    return f"the NVIDIA driver does not start: {error}"


def _ask(nvml: Any, function: Callable[..., Any], *arguments: Any) -> Any:
    """What ``function`` returns; None where the driver or the device cannot tell, or tells it in no known encoding."""
    try:
        return function(*arguments)
    except (nvml.NVMLError, UnicodeDecodeError):
        return None


def _text(value: str | bytes | None) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""
