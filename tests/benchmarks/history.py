"""A history of 10,000 runs: opening, listing, filtering, reading. By hand: ``python tests/benchmarks/history.py``.

Runs are those of the scripted engine under other names; the middle of several calls is printed, after one warm-up.
``--keep FILE`` leaves the database there, and uses it again where it is there already.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from quanttui.engine.scripted import ScriptedEngine
from quanttui.pipeline import run_comparison
from quanttui.records import GenerationSettings, ModelEntry, ModelSource, RunRequest
from quanttui.records.events import RunEvent, RunStarted
from quanttui.records.history import RunOrigin
from quanttui.runs.filtering import RunFilter
from quanttui.runs.recorder import RunRecorder
from quanttui.runs.store import RunStore
from quanttui.variants import parse_variant

LIMIT_SECONDS = 0.05
ORIGIN = RunOrigin("0.1.0", "command", "0" * 64)
MODELS = ("demo", "meta-llama/Llama-3.1-8B", "Qwen/Qwen3-0.6B", "mistralai/Mistral-7B-v0.3")
CANDIDATES = (("nf4",), ("int8", "nf4"), ("fp4",), ("nf4+dq", "int8"))
WORDS = ("once", "upon", "king", "daughter", "forest", "river", "silver", "apple", "winter", "old", "woman")


class StubbornStore(RunStore):
    """One connection for all recorders, as good as no waiting for the disk: filling is not what is measured."""

    def close(self) -> None: ...


def scripted_events(candidates: tuple[str, ...], tokens: int) -> list[RunEvent]:
    entry = ModelEntry("demo", "/nowhere", ModelSource.DEMO)
    variants = tuple(map(parse_variant, candidates))
    settings = GenerationSettings(max_new_tokens=tokens)
    request = RunRequest("", entry, parse_variant("bf16"), variants, ("Once",), settings)
    return list(run_comparison(ScriptedEngine(), request))


def fill(path: Path, runs: int, tokens: int) -> None:
    chance = random.Random(1)
    scripts = [scripted_events(candidates, tokens) for candidates in CANDIDATES]
    opened = RunStore.open(path)
    opened._connection.execute("PRAGMA synchronous = OFF")
    for number in range(runs):
        started, *rest = chance.choice(scripts)
        assert isinstance(started, RunStarted)
        model = replace(started.request.model, id=chance.choice(MODELS))
        prompt = " ".join(chance.choices(WORDS, k=chance.randrange(4, 200)))
        request = replace(started.request, run_id=f"{chance.getrandbits(48):012x}", model=model, prompts=(prompt,))
        now = 1_700_000_000.0 + 600.0 * number
        store = StubbornStore(opened._connection, path, lambda now=now: now)
        recorder = RunRecorder(store, replace(started, request=request), ORIGIN)
        for event in rest:
            recorder.note(event)
    opened.close()


def middle_seconds(work: Callable[[], object], calls: int = 9) -> float:
    work()
    times = []
    for _ in range(calls):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--tokens", type=int, default=40, help="of each output")
    parser.add_argument("--keep", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(measure(arguments.keep or Path(folder) / "history.db", arguments.runs, arguments.tokens))


def measure(path: Path, runs: int, tokens: int) -> bool:
    """Whether a step took longer than the limit."""
    if not path.exists():
        started = time.perf_counter()
        fill(path, runs, tokens)
        print(f"filled {runs:,} runs in {time.perf_counter() - started:.0f} s, {path.stat().st_size / 1e6:,.0f} MB")
    started = time.perf_counter()
    store = RunStore.open(path)
    steps = {"open, first in this process": time.perf_counter() - started}
    steps["open again"] = middle_seconds(lambda: RunStore.open(path).close())
    steps["first page of 100"] = middle_seconds(store.lines)
    steps["page at 9,000"] = middle_seconds(lambda: store.lines(offset=9 * runs // 10))
    steps["count"] = middle_seconds(store.count)
    for name, wanted in {
        "model:llama": RunFilter(model=("llama",)),
        "variant:nf4+dq": RunFilter(variant=("nf4+dq",)),
        "words in most prompts": RunFilter(text=("silver apple",)),
        "words in no prompt": RunFilter(text=("no such words",)),
        "state:failed, none": RunFilter(state="failed"),  # type: ignore[arg-type]
        "since, last tenth": RunFilter(since_seconds=1_700_000_000.0 + 600.0 * runs * 0.9),
    }.items():
        steps[f"page, {name}"] = middle_seconds(lambda wanted=wanted: store.lines(wanted))
        steps[f"count, {name}"] = middle_seconds(lambda wanted=wanted: store.count(wanted))
    latest = store.find("latest")
    steps["find by prefix"] = middle_seconds(lambda: store.find(latest[:8]))
    steps["load a run"] = middle_seconds(lambda: store.load(latest))
    for name, seconds in steps.items():
        print(f"{name:<34} {seconds * 1000:7.1f} ms")
    print(f"{'all lines (no limit set)':<34} {middle_seconds(lambda: store.lines(limit=-1), 3) * 1000:7.1f} ms")
    store.close()
    return max(steps.values()) > LIMIT_SECONDS


if __name__ == "__main__":
    main()
