"""Whether a process that wrote into the history is still there. Knows processes and hosts; no database."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_BOOT = _PROC / "sys/kernel/random/boot_id"
_STATE, _START = 0, 19  # fields 3 and 22 of /proc/PID/stat, counted after the name: proc(5)


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """A process as it can be found again: ids of processes are given anew, start times within one boot are not."""

    host: str
    boot: str
    process_id: int
    start: str


def own_mark() -> ProcessMark:
    process_id = os.getpid()
    return ProcessMark(socket.gethostname(), _boot(), process_id, _start_of(process_id) or "")


def is_gone(mark: ProcessMark) -> bool | None:
    """True: it ended. None: it ran on another host, so that this one cannot tell."""
    if mark.host != socket.gethostname():
        return None
    if mark.boot != _boot():
        return True
    return not _exists(mark.process_id) if not mark.start else _start_of(mark.process_id) != mark.start


def _boot() -> str:
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


def _start_of(process_id: int) -> str | None:
    """When it started, in ticks since the boot; None where it is not there or only waits to be reaped."""
    try:
        fields = (_PROC / str(process_id) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[_STATE] in "ZX" else fields[_START]


def _exists(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
