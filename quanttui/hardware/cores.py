"""How many processor cores this process may use, and how many of them nobody else does."""

from __future__ import annotations

import os

import psutil

_LOOK_SECONDS = 0.1


def usable_cores() -> int:
    """Those that this process is let run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def free_cores() -> float:
    """Of ``usable_cores``, those idle for the next tenth of a second: this call waits for it."""
    return usable_cores() * (1 - psutil.cpu_percent(interval=_LOOK_SECONDS) / 100)
