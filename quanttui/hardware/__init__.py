"""What the machine tells of its memory and devices: NVML and the host."""
