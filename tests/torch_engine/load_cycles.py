"""A process that loads, uses and unloads the demo model ``argv[1]`` times, each time as the next variant.

Prints one JSON list: what every cycle took at its peak, kept, and left the process at.
"""

from __future__ import annotations

import json
import sys

import psutil
from driving import DEMO, generate, load

from quanttui.torch_engine.engine import TorchEngine

VARIANTS = ("bf16", "int8", "nf4", "fp32")


def main(cycles: int) -> None:
    engine, process, rows = TorchEngine(), psutil.Process(), []
    for index in range(cycles):
        model = load(engine, DEMO, VARIANTS[index % len(VARIANTS)])
        generate(model, "Once upon a time", max_new_tokens=4)
        parameter_bytes = model.report.parameter_bytes
        unloaded = model.unload()
        rows.append(
            {
                "parameter_bytes": parameter_bytes,
                "peak_bytes": unloaded.peak_bytes,
                "residual_bytes": unloaded.residual_bytes,
                "resident_bytes": process.memory_info().rss,
            }
        )
    print(json.dumps(rows))


if __name__ == "__main__":
    main(int(sys.argv[1]))
