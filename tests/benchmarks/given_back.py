"""What 25 loads and unloads leave behind, of every variant, on the GPU where there is one and on the host.

Run it by hand: ``python tests/benchmarks/given_back.py``; exit code 1 where more than 64 MiB stay. The level after the
second cycle counts as the start: the first brings the libraries' own code, buffers and, on a GPU, the context.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

VARIANTS = ("fp32", "fp16", "bf16", "int8", "nf4", "fp4", "nf4+dq", "fp4+dq", "int8+head", "nf4+head")
CYCLES = 25
LIMIT_BYTES = 64 * 2**20
SCRIPT = Path(__file__).parents[1] / "torch_engine" / "load_cycles.py"


def grown_bytes(levels):
    """How far above the start the level ever was, or None where nothing tells."""
    return None if None in levels else max(levels[2:]) - levels[1]


def measure(variant):
    finished = subprocess.run(
        [sys.executable, SCRIPT, str(CYCLES + 2), variant], stdout=subprocess.PIPE, check=True, stdin=subprocess.DEVNULL
    )
    cycles = json.loads(finished.stdout)
    return {kind: grown_bytes([cycle[f"{kind}_bytes"] for cycle in cycles]) for kind in ("resident", "device")}


def main():
    worst = 0
    for variant in VARIANTS:
        grown = measure(variant)
        told = "  ".join(
            f"{kind} {'n/a' if size is None else f'{size / 2**20:+.1f} MiB':>10}" for kind, size in grown.items()
        )
        print(f"{variant:<10} {told}", flush=True)
        worst = max([worst, *(size for size in grown.values() if size is not None)])
    return int(worst > LIMIT_BYTES)


if __name__ == "__main__":
    sys.exit(main())
