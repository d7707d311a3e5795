"""A program under watch: how long it ran, what CPU it and the machine's other programs used, its peak memory.

Memory is the sum of the proportional set sizes (PSS) of the program and all its descendants, looked at twenty times a
second: a page that several of them map is counted once.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

_LOOK_SECONDS = 0.05


def run_watched(command: Sequence[str]) -> dict[str, float]:
    """The numbers of the last line that ``command`` prints, a JSON object, and those measured from outside."""
    busy, ours, started = _busy_seconds(), _children_seconds(), time.perf_counter()
    program = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        with MemoryWatch(program.pid) as memory:
            printed, told = program.communicate()
    except BaseException:  # stopped: what it started ends with it
        os.killpg(program.pid, signal.SIGTERM)
        raise
    seconds = time.perf_counter() - started
    if program.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {program.returncode}:\n{told.decode(errors='replace')}")
    ours, busy = _children_seconds() - ours, _busy_seconds() - busy
    figures: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return {
        "process_seconds": seconds,
        "process_cpu_seconds": ours,
        "peak_pss_bytes": float(memory.peak_bytes),
        "others_cpu_share": max(0.0, busy - ours) / (seconds * (os.cpu_count() or 1)),
    } | {name: float(value) for name, value in figures.items()}


class MemoryWatch:
    """``peak_bytes`` of a process and its descendants while the ``with`` block runs."""

    def __init__(self, process_id: int) -> None:
        self.peak_bytes = 0
        self._process_id = process_id
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory-watch", daemon=True)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            self.peak_bytes = max(self.peak_bytes, sum(map(_pss_bytes, _tree(self._process_id))))


def _tree(process_id: int) -> Iterator[int]:
    yield process_id
    for path in Path(f"/proc/{process_id}/task").glob("*/children"):
        try:
            children = path.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _tree(int(child))


def _pss_bytes(process_id: int) -> int:
    try:
        lines = Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _busy_seconds() -> float:
    """Of all cores: user, nice, system, interrupts; not idle, not waiting for a disk, not a host's other guests."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return sum(fields[at] for at in (0, 1, 2, 5, 6)) / os.sysconf("SC_CLK_TCK")
