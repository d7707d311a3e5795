"""The README's table of measured ratios. By hand: ``python tests/benchmarks/table.py FILE.json …``.

``--run FOLDER`` runs every benchmark of ratios first (hours, on a quiet machine) and keeps their files there; options
after ``--`` go to each of them: ``table.py --run figures -- --rounds 10``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BENCHMARKS = ("whole_comparison", "preparing", "scoring", "decoding", "through_screen", "sweep")
_HEADINGS = ("what", "on", "against", "ratio [95 %]", "limit", "A/A")


def run_all(folder: Path, options: Sequence[str]) -> list[Path]:
    """A missed limit is an exit code of 1 and stands in the table; anything else ends this program too."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name in BENCHMARKS:
        files.append(folder / f"{name}.json")
        done = subprocess.run([sys.executable, str(HERE / f"{name}.py"), "--json", str(files[-1]), *options])
        if done.returncode not in (0, 1):
            sys.exit(done.returncode)
    return files


def cells(result: dict[str, Any]) -> list[str]:
    row, ratio, control = result["row"], result["ratio"], result["control"]
    sign = "≥" if row["at_least"] else "≤"
    return [
        row["name"],
        "" if result["size"] == "-" else result["size"],
        row["words"] or row["against"],
        _ratio(ratio),
        "stated" if row["limit"] is None else f"{sign} {row['limit']:g} {_met(row, ratio['median'])}",
        _ratio(control),
    ]


def _met(row: dict[str, Any], median: float) -> str:
    met = median >= row["limit"] if row["at_least"] else median <= row["limit"]
    return "✓" if met else "**missed**"


def _ratio(ratio: dict[str, float]) -> str:
    return f"{ratio['median']:.2f} [{ratio['low']:.2f}, {ratio['high']:.2f}]"


def markdown(documents: Sequence[dict[str, Any]]) -> str:
    rows = [cells(result) for document in documents for result in document["rows"]]
    lines = [_line(_HEADINGS), _line(["---"] * len(_HEADINGS)), *map(_line, rows)]
    machines = dict.fromkeys(_machine(document["machine"]) for document in documents)
    return "\n".join([*lines, "", *machines])


def _line(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _machine(machine: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    size = f"{machine['memory_bytes'] / 2**30:.0f} GiB"
    cores = f"{machine['cores']} cores, threads {machine['threads']}"
    return f"{machine['processor']}, {cores}, {size}; Python {machine['python']}, {versions}"


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--run", type=Path, metavar="FOLDER")
    arguments, options = parser.parse_known_args()
    files = list(arguments.files) + (run_all(arguments.run, [o for o in options if o != "--"]) if arguments.run else [])
    print(markdown([json.loads(path.read_text()) for path in files]))


if __name__ == "__main__":
    main()
