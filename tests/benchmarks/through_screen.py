"""Decoding through the screen against the same engine without one: ``python tests/benchmarks/through_screen.py``.

Both drive the demo model in an engine process through the same comparisons, one of few tokens and one of many. *screen*
is quanttui in a pseudo-terminal of 120×40, timed from F5 to "done"; *headless* takes the pipeline's events and drops
them. A rate is the tokens that the second comparison has more, over the seconds that it takes longer, so that loading
and starting count on neither side.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from interleaved import Row, run_benchmark
from pty_session import CTRL_Q, ESC, F5, session

PROMPT = "Once upon a time"
FEW, MANY, TIMES = 20, 300, 3
MODELS = 3  # the reference and two candidates, as the screen has them when it is first opened


def rate(seconds_for: Callable[[int], float]) -> Mapping[str, float]:
    """The best of some: whatever else the machine does only makes it slower."""
    few = min(seconds_for(FEW) for _ in range(TIMES))
    many = min(seconds_for(MANY) for _ in range(TIMES))
    return {"tokens_per_second": MODELS * (MANY - FEW) / (many - few)}


def headless(_: Path) -> Mapping[str, float]:
    from quanttui.engine.registry import open_engine
    from quanttui.models.catalog import demo_entry
    from quanttui.pipeline import run_comparison
    from quanttui.records import GenerationSettings, Precision, RunRequest, Variant

    engine = open_engine("torch")
    engine.describe()

    def seconds_for(tokens: int) -> float:
        candidates = (Variant(Precision.INT8), Variant(Precision.NF4))
        settings = GenerationSettings(max_new_tokens=tokens)
        request = RunRequest("headless", demo_entry(), None, candidates, (PROMPT,), settings)
        started = time.perf_counter()
        for _ in run_comparison(engine, request):
            pass
        return time.perf_counter() - started

    try:
        return rate(seconds_for)
    finally:
        engine.close()


def screen(_: Path) -> Mapping[str, float]:
    with session("--prompt", PROMPT, "--no-history", engine="torch") as opened:
        opened.wait_for(b"ready on")

        def seconds_for(tokens: int) -> float:
            for keys in (ESC, ",", str(tokens)):
                time.sleep(0.5)
                opened.send(keys)
            time.sleep(0.5)
            started = opened.send(F5)
            return opened.wait_for("✓".encode() + b" done", since=started, timeout_seconds=300) - started

        figures = rate(seconds_for)
        opened.send(CTRL_Q)
        return figures


PARTS = {"headless": headless, "screen": screen}
ROWS = [
    Row(
        "decode through the screen",
        ours="screen",
        against="headless",
        figure="tokens_per_second",
        limit=0.98,
        at_least=True,
        words="the same engine headless",
    )
]

if __name__ == "__main__":
    run_benchmark(__doc__, __file__, PARTS, ROWS)
