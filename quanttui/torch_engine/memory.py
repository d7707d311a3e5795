"""How many bytes the process takes, and giving them back. Knows devices and allocators, no model."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from quanttui.records import DeviceMemory, EngineMemory

CUDA_CONTEXT_BYTES = 512 * 2**20
"""What a process takes on a CUDA device beside torch's allocator: context, loaded kernels, cuBLAS handles. About 300 to
600 MiB by card, driver and CUDA version; NVML counts it as the process's, torch does not. A middle figure, no
measurement: https://docs.nvidia.com/cuda/cuda-c-programming-guide/#lazy-loading tells what it depends on."""
_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_APART_FROM_BYTES = 128 * 1024
_HEAP_UP_TO_BYTES = 32 * 1024 * 1024


def release_memory(device: torch.device) -> None:
    """Collect cycles, then hand free blocks back to the device and to the host."""
    gc.collect()
    trim_memory(device)


def trim_memory(device: torch.device) -> None:
    """Hand free blocks back to the device and to the host. A walk over all objects takes 0.05 s and more: not here."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    _call_glibc("malloc_trim", 0)


@contextmanager
def weights_placed_apart() -> Iterator[None]:
    """While it is entered, glibc gives each larger block pages of its own, which go back the moment it is freed.

    Among other blocks on the heap the weights of one load keep pages of the next one: resident memory wandered by
    50 MiB over 25 loads of a 14 MiB model, and was flat with this. Afterwards blocks come from the heap, which is
    faster for the activations of a forward pass. See mallopt(3).
    """
    _call_glibc("mallopt", _M_ARENA_MAX, 1)
    _call_glibc("mallopt", _M_MMAP_THRESHOLD, _APART_FROM_BYTES)
    try:
        yield
    finally:
        _call_glibc("mallopt", _M_MMAP_THRESHOLD, _HEAP_UP_TO_BYTES)


def _call_glibc(name: str, *arguments: int) -> None:
    """Nothing happens where the C library is another one."""
    function = getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
    if function is not None:
        function(*arguments)


class MemoryMeter:
    """Use above the level at which it was made: the device's allocator on a GPU, resident memory on a CPU.

    The highest resident level comes from the kernel where it can be reset (``/proc/self/clear_refs``) or was
    exceeded; elsewhere from the readings that ``sample`` takes.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._is_reset = self._reset_peak()
        self._high_at_start = self._high_water()
        self.idle_bytes = self._now()
        self._sampled = self.idle_bytes or 0

    def sample(self) -> None:
        """Take a reading where the kernel keeps no high-water mark for us."""
        if not self._is_reset:
            self._sampled = max(self._sampled, self._now() or 0)

    def peak_bytes(self) -> int | None:
        """Highest use above the idle level, or None where nothing tells."""
        if self.idle_bytes is None:
            return None
        self.sample()
        high, at_start = self._high_water(), self._high_at_start
        exact = high is not None and (self._is_reset or at_start is None or high > at_start)
        return max(0, (high if exact and high is not None else self._sampled) - self.idle_bytes)

    def residual_bytes(self) -> int | None:
        """Use now above the idle level: what was not given back."""
        now = self._now()
        return None if now is None or self.idle_bytes is None else max(0, now - self.idle_bytes)

    def _now(self) -> int | None:
        if self.device.type == "cuda":
            return torch.cuda.memory_allocated(self.device)
        return resident_bytes()

    def _high_water(self) -> int | None:
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device)
        return _status_bytes("VmHWM")

    def _reset_peak(self) -> bool:
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
            return True
        try:
            _CLEAR_REFS.write_text("5")  # 5: reset VmHWM to VmRSS, see proc_pid_clear_refs(5)
        except OSError:
            return False
        return True


def context_bytes(device: torch.device) -> int:
    """What this process, warm and without a model, takes on ``device``: on a CPU, what the libraries keep resident."""
    return CUDA_CONTEXT_BYTES if device.type == "cuda" else resident_bytes() or 0


def resident_bytes() -> int | None:
    """Of this process, pages of mapped files included."""
    return _status_bytes("VmRSS")


def accelerator_memory() -> EngineMemory:
    """Every device that torch may use here, in its own order; none on a CPU. From any thread, launches no kernel."""
    if not torch.cuda.is_available() or not torch.cuda.is_initialized():
        return EngineMemory()
    return EngineMemory(tuple(_device_memory(index) for index in range(torch.cuda.device_count())))


def _device_memory(index: int) -> DeviceMemory:
    """``mem_get_info`` asks the driver: nothing, where that fails."""
    properties = torch.cuda.get_device_properties(index)
    try:
        free, total = torch.cuda.mem_get_info(index)
    except RuntimeError:
        free, total = None, None
    return DeviceMemory(
        name=f"cuda:{index}",
        uuid=f"GPU-{getattr(properties, 'uuid', '')}",
        model=properties.name,
        allocated_bytes=torch.cuda.memory_allocated(index),
        reserved_bytes=torch.cuda.memory_reserved(index),
        free_bytes=free,
        total_bytes=total,
    )


def _status_bytes(field: str) -> int | None:
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return None
