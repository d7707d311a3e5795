"""A process that loads, uses and unloads the demo model ``argv[1]`` times, each time as the next of ``argv[2:]``.

Prints one JSON list: what every cycle took at its peak, kept, and left the process and the device at.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import psutil
import torch
from driving import DEMO, generate, load

from quanttui.torch_engine.engine import TorchEngine

DEFAULT_VARIANTS = ("bf16", "int8", "nf4", "fp32")


def main(cycles: int, variants: Sequence[str]) -> None:
    engine, process, rows = TorchEngine(), psutil.Process(), []
    for index in range(cycles):
        model = load(engine, DEMO, variants[index % len(variants)])
        generate(model, "Once upon a time", max_new_tokens=4)
        parameter_bytes = model.report.parameter_bytes
        unloaded = model.unload()
        rows.append(
            {
                "parameter_bytes": parameter_bytes,
                "peak_bytes": unloaded.peak_bytes,
                "residual_bytes": unloaded.residual_bytes,
                "resident_bytes": process.memory_info().rss,
                "device_bytes": device_bytes(),
            }
        )
    print(json.dumps(rows))


def device_bytes() -> int | None:
    """What the driver says is in use on the GPU, this process's context included; None without one."""
    if not torch.cuda.is_available():
        return None
    free, total = torch.cuda.mem_get_info()
    return total - free


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:] or DEFAULT_VARIANTS)
