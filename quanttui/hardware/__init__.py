"""What the machine tells of its memory and devices: NVML and the host."""

from quanttui.hardware.probe import MemoryProbe

__all__ = ["MemoryProbe"]
