"""What every benchmark of ratios shares: its parts run in turns, a fresh process each, and how a ratio is told.

A benchmark names its parts, functions from a model's folder to figures, and its rows, ratios of two parts' figures:

    PARTS = {"ours": ours, "plain": plain}
    ROWS = [Row("decode, bf16", ours="ours", against="plain", figure="tokens_per_second", limit=1.0, at_least=True)]
    if __name__ == "__main__":
        run_benchmark(__doc__, __file__, PARTS, ROWS, sizes=("demo", "110m"))

Each round runs A B A: the part that others are measured against first and last. The first round is dropped. A ratio is
the median of those of the rounds, with the interval that the order statistics give; the A/A control, the second A
against the first, says what the machine's noise alone does. ``--json FILE`` keeps all; ``table.py`` reads it.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import signal
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from models import SIZES, Checkpoints, checkpoints
from watching import run_watched

Figures = dict[str, float]
Part = Callable[[Path], Mapping[str, float]]
NO_MODEL = "-"
_LIBRARIES = ("quanttui", "torch", "transformers", "bitsandbytes", "textual")
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Row:
    """``figure`` of ``ours`` over that of ``against``. ``limit``: None where a figure is stated only.

    Every part has ``process_seconds``, ``process_cpu_seconds`` and ``peak_pss_bytes`` besides what it prints.
    ``sizes``: only on these. ``words``: what stands in the table for ``against``.
    """

    name: str
    ours: str
    against: str
    figure: str
    limit: float | None
    at_least: bool = False
    sizes: tuple[str, ...] | None = None
    words: str = ""


@dataclass(frozen=True)
class Ratio:
    """The median of ``rounds`` ratios; with ``confidence`` the true median lies in [low, high]."""

    median: float
    low: float
    high: float
    rounds: int
    confidence: float


def ratio_of(values: Sequence[float]) -> Ratio:
    """The interval is the tightest pair of order statistics that still holds 95 %; the whole range of few rounds."""
    ordered, rounds = sorted(values), len(values)
    outside = 0.5**rounds
    rank = 0
    while rank + 1 < rounds / 2 and 1 - 2 * (outside + math.comb(rounds, rank + 1) * 0.5**rounds) >= _CONFIDENCE:
        rank += 1
        outside += math.comb(rounds, rank) * 0.5**rounds
    middle = statistics.median(ordered)
    return Ratio(middle, ordered[rank], ordered[rounds - 1 - rank], rounds, 1 - 2 * outside)


@dataclass(frozen=True)
class RowResult:
    """``ours`` and ``against``: the medians of the figures themselves."""

    row: Row
    size: str
    ratio: Ratio
    control: Ratio
    ours: float
    against: float

    @property
    def is_met(self) -> bool | None:
        if self.row.limit is None:
            return None
        return self.ratio.median >= self.row.limit if self.row.at_least else self.ratio.median <= self.row.limit


def run_benchmark(
    words: str | None, file: str, parts: Mapping[str, Part], rows: Sequence[Row], sizes: tuple[str, ...] = ()
) -> None:
    """The whole program of a benchmark; exit code 1 where a row misses its limit. No sizes: it needs no model."""
    options = _options(words, parts, rows, sizes)
    if options.threads:
        os.environ["OMP_NUM_THREADS"] = options.threads
    if options.part:
        print(json.dumps(dict(parts[options.part](Path(options.model)))))
        return
    wanted = [row for row in rows if not options.only or row.name in options.only]
    results: list[RowResult] = []
    runs: dict[str, list[dict[str, Figures]]] = {}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was made is taken away
    with checkpoints() as made:
        for size in options.sizes or [NO_MODEL]:
            of_size = [row for row in wanted if row.sizes is None or size in row.sizes]
            if of_size:
                runs[size] = _rounds(file, of_size, _model(made, size), options.rounds)
                results += [row_result(row, size, runs[size]) for row in of_size]
                print("\n".join(map(told, results[-len(of_size) :])), flush=True)
    if options.json:
        document = {"benchmark": Path(file).stem, "machine": machine(), "rows": [asdict(each) for each in results]}
        Path(options.json).write_text(json.dumps(document | {"runs": runs}, indent=1))
    sys.exit(any(result.is_met is False for result in results))


def _options(words: str | None, parts: Mapping[str, Part], rows: Sequence[Row], sizes: tuple[str, ...]) -> Any:
    parser = argparse.ArgumentParser(description=(words or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6, help="after the one that is dropped")
    parser.add_argument("--json", metavar="FILE", help="keep all figures there")
    parser.add_argument("--threads", metavar="N", help="OMP_NUM_THREADS of every part; default: as torch chooses")
    parser.add_argument("--only", action="append", choices=[row.name for row in rows], help="again for more")
    if sizes:
        parser.add_argument("--sizes", nargs="+", default=sizes, choices=SIZES)
    parser.add_argument("--part", choices=list(parts), help="run this alone, once; prints its figures")
    parser.add_argument("--model", default=NO_MODEL, help="with --part: the folder")
    parser.set_defaults(**({} if sizes else {"sizes": ()}))
    return parser.parse_args()


def _model(made: Checkpoints, size: str) -> str:
    return size if size == NO_MODEL else str(made.path(size))


def _rounds(file: str, rows: Sequence[Row], model: str, count: int) -> list[dict[str, Figures]]:
    """Of each round every part's figures; ``NAME, again`` is the second run of one that others are measured against."""
    against = list(dict.fromkeys(row.against for row in rows))
    others = [name for name in dict.fromkeys(row.ours for row in rows) if name not in against]
    order = [(name, name) for name in against + others] + [(f"{name}, again", name) for name in against]
    rounds = []
    for number in range(count + 1):
        figures = {}
        for label, name in order:
            figures[label] = run_watched([sys.executable, file, "--part", name, "--model", model])
            print(_progress(number, count, label, figures[label]), file=sys.stderr, flush=True)
        rounds.append(figures)
    return rounds[1:]


def _progress(number: int, count: int, label: str, figures: Figures) -> str:
    which = f"round {number}/{count}" if number else "warm-up"
    others = f"others used {figures['others_cpu_share']:.0%} of the cores"
    return f"{which}  {label}: {figures['process_seconds']:.2f} s, {others}"


def row_result(row: Row, size: str, rounds: Sequence[Mapping[str, Figures]]) -> RowResult:
    def figures(part: str) -> list[float]:
        return [each[part][row.figure] for each in rounds]

    first, again, ours = figures(row.against), figures(f"{row.against}, again"), figures(row.ours)
    ratios = [2 * b / (a + c) for a, b, c in zip(first, ours, again, strict=True)]
    noise = [c / a for a, c in zip(first, again, strict=True)]
    middles = statistics.median(ours), statistics.median(first + again)
    return RowResult(row, size, ratio_of(ratios), ratio_of(noise), *middles)


def told(result: RowResult) -> str:
    row, ratio, control = result.row, result.ratio, result.control
    limit = "" if row.limit is None else f"  limit {'≥' if row.at_least else '≤'} {row.limit:g}"
    met = {None: "", True: "  met", False: "  MISSED"}[result.is_met]
    against = f"{row.words or row.against}{limit}{met}"
    figures = f"{row.figure} {result.ours:,.4g} against {result.against:,.4g}"
    return f"{row.name}, {result.size}: {_told_ratio(ratio)} × {against}; A/A {_told_ratio(control)}; {figures}"


def _told_ratio(ratio: Ratio) -> str:
    return f"{ratio.median:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]"


def machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_bytes": memory,
        "threads": os.environ.get("OMP_NUM_THREADS", "as torch chooses"),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _LIBRARIES},
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in path.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
