"""How many bytes weights and the process take, and giving them back. Knows no request and no record but bytes."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")


def parameter_bytes(model: nn.Module) -> int:
    """Every byte that ``model``'s weights occupy: parameters, saved buffers, and all quantization state.

    What lies at one address counts once: tied weights, shared code books. Take it before the first forward pass,
    which reshapes 4-bit and int8 state on a CPU.
    """
    bytes_at: dict[int, int] = {}
    for tensor in weight_tensors(model):
        bytes_at[tensor.data_ptr()] = max(tensor.nbytes, bytes_at.get(tensor.data_ptr(), 0))
    return sum(bytes_at.values())


def weight_tensors(model: nn.Module) -> Iterator[torch.Tensor]:
    """Parameters and saved buffers, each followed by the state that bitsandbytes hangs onto it."""
    for module in model.modules():
        transient = module._non_persistent_buffers_set
        yield from (buffer for name, buffer in module.named_buffers(recurse=False) if name not in transient)
        for parameter in module.parameters(recurse=False):
            yield parameter.data
            yield from _int8_state(parameter, module)
            yield from _quant_state(getattr(parameter, "quant_state", None))


def _int8_state(parameter: nn.Parameter, module: nn.Module) -> Iterator[torch.Tensor]:
    """``CB`` and ``SCB`` hang on the parameter until the first forward pass, then on the module's state."""
    for holder in (parameter, getattr(module, "state", None)):
        for name in ("CB", "SCB"):
            tensor = getattr(holder, name, None)
            if isinstance(tensor, torch.Tensor):
                yield tensor


def _quant_state(state: object | None) -> Iterator[torch.Tensor]:
    """4-bit: block maxima, code book, and with double quantization the offset and the nested state of the maxima."""
    while state is not None:
        for name in ("absmax", "code", "offset"):
            tensor = getattr(state, name, None)
            if isinstance(tensor, torch.Tensor):
                yield tensor
        state = getattr(state, "state2", None)


def release_memory(device: torch.device) -> None:
    """Collect cycles, then hand free blocks back to the device and to the host."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc only
        if trim is not None:
            trim(0)


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
        return _status_bytes("VmRSS")

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


def _status_bytes(field: str) -> int | None:
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return None
