"""Bytes that quanttui sends to its terminal while outputs stream. By hand: ``python tests/benchmarks/bytes_sent.py``.

A run of a reference and two candidates at 120×40, once with a scripted engine that writes 40 tokens a second and once
with the demo model on the real engine, each in the normal and in the low-bandwidth mode. Said of each: the first
frames, the mean over the run and the worst second of it.
"""

from __future__ import annotations

import argparse
import time

from pty_session import CTRL_Q, F5, Session, session

LIMITS = {"normal": 100_000, "low": 10_000}
MODES = {"normal": (), "low": ("--low-bandwidth",)}
ENGINES = {"scripted": "steady_engine:SteadyEngine", "demo": "torch"}


def worst_second(sent: Session, start: float, end: float) -> int:
    """The most within any second, in steps of a tenth."""
    steps = max(1, int((end - start - 1.0) * 10))
    return max(sent.bytes_between(start + i / 10, start + i / 10 + 1.0) for i in range(steps))


def measure(engine: str, flags: tuple[str, ...], tokens: int, size: tuple[int, int]) -> tuple[int, float, int, float]:
    """Bytes until it is ready; then, of the run: mean and worst bytes per second, and its seconds."""
    with session(*flags, engine=ENGINES[engine], size=size) as opened:
        opened.wait_for(b"ready on")
        time.sleep(0.5)
        first = opened.bytes_between(0, time.perf_counter())
        for keys in (",", str(tokens)):
            opened.send(keys)
            time.sleep(0.5)
        start = opened.send(F5)
        end = opened.wait_for("✓".encode() + b" done", since=start, timeout_seconds=300)
        mean = opened.bytes_between(start, end) / (end - start)
        worst = worst_second(opened, start, end)
        opened.send(CTRL_Q)
        return first, mean, worst, end - start


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--size", default="120x40", help="columns x lines")
    parser.add_argument("--tokens", type=int, default=400)
    given = parser.parse_args()
    columns, lines = map(int, given.size.split("x"))
    over = False
    print(f"{given.size}, {given.tokens} new tokens  {'first frames':>13} {'mean':>12} {'worst second':>13}   limit")
    for engine in ENGINES:
        for mode, flags in MODES.items():
            first, mean, worst, seconds = measure(engine, flags, given.tokens, (columns, lines))
            over |= mean > LIMITS[mode]
            figures = f"{first / 1000:10.1f} kB {mean / 1000:7.1f} kB/s {worst / 1000:8.1f} kB/s"
            print(f"{engine:<10}{mode:<8}{seconds:5.1f} s {figures} {LIMITS[mode] // 1000:6} kB/s")
    raise SystemExit(over)


if __name__ == "__main__":
    main()
