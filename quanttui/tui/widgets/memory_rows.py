"""A reading of memory as rows of a given width. Content only: no widget, no state."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from quanttui.records import GpuReading, HostReading, ReadingSource
from quanttui.text import safe_line
from quanttui.tui import measures
from quanttui.tui.visible import fit
from quanttui.units import format_gib, format_memory

_PROCESSES = 3


def gpu_head(gpu: GpuReading, width: int) -> list[Content]:
    """What stands above the plot: which GPU, how full, whose."""
    device = f" = {gpu.torch_name}" if gpu.torch_name else ""
    name = safe_line(gpu.name).removeprefix("NVIDIA ")
    figures = of(gpu.used_bytes, gpu.total_bytes)
    title = f"GPU{gpu.index}{device}"
    if len(title) + len(name) + len(figures) + 3 <= width:
        rows = [_ends(f"{title} · {name}", figures, width)]
    else:
        rows = [Content.styled(fit(name, min(len(name), width)), "$muted"), _ends(title, figures, width)]
    if gpu.problem:
        return [*rows, Content.styled(f"✗ {safe_line(gpu.problem)}", "$error")]
    if gpu.source is ReadingSource.TORCH:
        rows.append(Content.styled("as torch tells it; NVML has nothing of it", "$muted"))
    return [*rows, meter(gpu.used_bytes, gpu.total_bytes, width), *_shares(gpu, width), *_allocator(gpu, width)]


def gpu_foot(gpu: GpuReading, width: int, processes: int = _PROCESSES) -> list[Content]:
    """What stands below the plot: health, what slows it down, who else is there."""
    if gpu.problem:
        return []
    rows = []
    if gpu.source is ReadingSource.NVML:
        health = measures.health(gpu.utilization_percent, gpu.power_watts, gpu.temperature_celsius)
        rows.append(Content.styled(health, "$muted"))
    if gpu.throttling:
        rows.append(Content.styled(f"! slowed down: {', '.join(gpu.throttling)}", "$warning"))
    for process in gpu.processes[:processes]:
        name = f"{safe_line(process.name)} " if process.name else ""
        rows.append(_ends(f"{name}pid {process.process_id}", format_memory(process.used_bytes), width))
    more = len(gpu.processes) - processes
    return [*rows, Content.styled(f"and {more} more processes", "$muted")] if more > 0 else rows


def host_head(host: HostReading, width: int) -> list[Content]:
    return [
        _ends("host memory", of(host.used_bytes, host.total_bytes), width),
        meter(host.used_bytes, host.total_bytes, width),
        _ends("engine, resident", format_memory(host.engine_bytes), width),
    ]


def host_foot(host: HostReading, problem: str | None, width: int) -> list[Content]:
    rows = [] if host.cpu_percent is None else [_ends("processor", f"{host.cpu_percent:.0f} %", width)]
    return [*rows, Content.styled(f"no GPU: {safe_line(problem)}", "$muted")] if problem else rows


def of(part: int | None, whole: int | None) -> str:
    return f"{measures.gibibytes(part)}/{format_gib(whole)}"


def meter(part: int | None, whole: int | None, width: int) -> Content:
    share = None if part is None or not whole else part / whole
    label = f" {measures.percent(part, whole)}"
    filled, rest = measures.bar(share, width - len(label))
    return Content.assemble((filled, "$primary"), (rest, "$faint"), label)


def _shares(gpu: GpuReading, width: int) -> list[Content]:
    known = gpu.used_bytes is not None and gpu.engine_bytes is not None
    others = max(0, (gpu.used_bytes or 0) - (gpu.engine_bytes or 0)) if known else None
    return _pairs([("engine", gpu.engine_bytes), ("others", others), ("free", gpu.free_bytes)], width)


def _allocator(gpu: GpuReading, width: int) -> list[Content]:
    """Memory that was freed but stays with the process: the next tensor gets it, no other process does."""
    if gpu.allocated_bytes is None or gpu.reserved_bytes is None:
        return []
    kept = max(0, gpu.reserved_bytes - gpu.allocated_bytes)
    return _pairs([("in tensors", gpu.allocated_bytes), ("kept free", kept)], width)


def _ends(left: str, right: str, width: int) -> Content:
    left = fit(left, min(len(left), max(1, width - len(right) - 1)))
    return Content.assemble((left, "$muted"), " " * max(1, width - len(left) - len(right)), right)


def _pairs(pairs: Sequence[tuple[str, int | None]], width: int) -> list[Content]:
    """In one row, or in a row each where that is too narrow."""
    parts = [Content.assemble((f"{name} ", "$muted"), measures.gibibytes(value)) for name, value in pairs]
    if sum(part.cell_length + 2 for part in parts) - 2 <= width:
        return [Content("  ").join(parts)]
    return [_ends(name, measures.gibibytes(value), width) for name, value in pairs]
