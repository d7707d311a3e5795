"""First paint of quanttui against that of an empty Textual app. By hand: ``python tests/benchmarks/first_paint.py``.

Both are started in a pseudo-terminal of 120×40 and timed from exec to the first frame, in turns (A B A B), a fresh
process each, the first round dropped. An A/A pair of the empty app shows what the machine's noise alone does. The
limit is on the first frame; how long the whole cockpit takes is printed beside it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time

import pexpect

LIMIT = 1.4
EMPTY = (
    "from textual.app import App\n"
    "from textual.widgets import Static\n"
    "class Empty(App):\n"
    "    def compose(self):\n"
    "        yield Static('quanttui')\n"
    "Empty().run()\n"
)
PROGRAMS = {"empty": ["-c", EMPTY], "quanttui": ["-m", "quanttui"]}


def seconds_until(arguments: list[str], marks: list[str]) -> list[float]:
    """Seconds from exec until each of ``marks`` has been written, in order."""
    environment = os.environ | {"TERM": "xterm-256color", "QUANTTUI_ENGINE": "scripted"}
    started = time.perf_counter()
    program = pexpect.spawn(sys.executable, arguments, dimensions=(40, 120), env=environment, timeout=60)
    try:
        times = []
        for mark in marks:
            program.expect_exact(mark)
            times.append(time.perf_counter() - started)
        return times
    finally:
        program.close(force=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12)
    rounds = parser.parse_args().rounds
    first, again, ours, whole = [], [], [], []
    for number in range(rounds + 1):
        (a,), (b, c), (d,) = (
            seconds_until(PROGRAMS["empty"], ["quanttui"]),
            seconds_until(PROGRAMS["quanttui"], ["quanttui", "Variants"]),
            seconds_until(PROGRAMS["empty"], ["quanttui"]),
        )
        if number:
            first.append(a)
            ours.append(b)
            whole.append(c)
            again.append(d)
    ratios = sorted(2 * b / (a + d) for a, b, d in zip(first, ours, again, strict=True))
    noise = sorted(d / a for a, d in zip(first, again, strict=True))
    ratio = statistics.median(ratios)
    print(f"empty Textual app, first paint   {statistics.median(first + again) * 1000:6.0f} ms")
    print(f"quanttui, first paint            {statistics.median(ours) * 1000:6.0f} ms")
    print(f"quanttui, the whole cockpit      {statistics.median(whole) * 1000:6.0f} ms")
    print(f"first paint, ratio               {ratio:6.2f}    [{ratios[1]:.2f}, {ratios[-2]:.2f}]  limit {LIMIT}")
    print(f"A/A, ratio                       {statistics.median(noise):6.2f}    [{noise[1]:.2f}, {noise[-2]:.2f}]")
    raise SystemExit(ratio > LIMIT)


if __name__ == "__main__":
    main()
