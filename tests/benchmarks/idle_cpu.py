"""Processor time of the idle screen at 1 Hz polling. By hand: ``python tests/benchmarks/idle_cpu.py``.

The app is opened in a pseudo-terminal of 120×40, left to settle, and then left alone; said is the processor time of
its own process over a minute as a share of one core, and beside it what an empty Textual app takes.
"""

from __future__ import annotations

import argparse
import time

import psutil
from pty_session import Session, session

LIMIT_PERCENT = 1.5
EMPTY = "from textual.app import App; App().run()"


def idle_percent(opened: Session, seconds: float) -> float:
    process = psutil.Process(opened.program.pid)
    time.sleep(5.0)
    before, started = sum(process.cpu_times()[:2]), time.perf_counter()
    time.sleep(seconds)
    return 100 * (sum(process.cpu_times()[:2]) - before) / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    with session(engine="scripted", program=("-c", EMPTY)) as empty:
        floor = idle_percent(empty, seconds)
    with session(engine="scripted") as ours:
        ours.wait_for(b"ready on")
        percent = idle_percent(ours, seconds)
    print(f"empty Textual app  {floor:5.2f} % of a core over {seconds:.0f} s")
    print(f"quanttui, idle     {percent:5.2f} %  limit {LIMIT_PERCENT}")
    raise SystemExit(percent > LIMIT_PERCENT)


if __name__ == "__main__":
    main()
