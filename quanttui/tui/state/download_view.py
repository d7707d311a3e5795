"""A download in words: what will come and whether there is room, how far it is. Pure; safe to show."""

from __future__ import annotations

from quanttui.records.download import DownloadPlan, DownloadProgress
from quanttui.text import safe_line
from quanttui.units import format_bytes, format_seconds


def plan_lines(plan: DownloadPlan) -> list[str]:
    """Which model, how much of it is still to come, and the room for it."""
    here = f", {format_bytes(plan.here_bytes)} of it here already" if plan.here_bytes else ""
    count = len(plan.files)
    lines = [
        f"{plan.model_id} · revision {plan.commit[:8]}",
        f"{format_bytes(plan.total_bytes)} in {count} file{'s' * (count != 1)}{here}",
    ]
    if plan.free_bytes is not None:
        lines.append(f"{_room(plan)} · {plan.cache}")
    return [safe_line(line) for line in lines]


def progress_words(progress: DownloadProgress) -> str:
    """``6.9 GB of 16.1 GB · 45.0 MB/s · 3 min 20 s left``."""
    if progress.done_bytes == progress.total_bytes:
        return f"{format_bytes(progress.total_bytes)} · finishing"
    done = f"{format_bytes(progress.done_bytes)} of {format_bytes(progress.total_bytes)}"
    if progress.bytes_per_second is None:
        return f"{done} · waiting for the hub"
    rate = f"{format_bytes(round(progress.bytes_per_second))}/s"
    return f"{done} · {rate} · {format_seconds(progress.remaining_seconds)} left"


def share(progress: DownloadProgress) -> float:
    return progress.done_bytes / progress.total_bytes if progress.total_bytes else 1.0


def stopped_words(progress: DownloadProgress | None) -> str:
    if progress is None:
        return "stopped · what has come stays"
    done = f"{format_bytes(progress.done_bytes)} of {format_bytes(progress.total_bytes)}"
    return f"stopped with {done} here, which stays"


def _room(plan: DownloadPlan) -> str:
    free = f"{format_bytes(plan.free_bytes)} free on the disk"
    if plan.fits_disk:
        return f"✓ fits: {free}"
    needed = plan.remaining_bytes + plan.margin_bytes
    return f"✗ no room: {format_bytes(needed)} needed with what is to stay free, {free}"
