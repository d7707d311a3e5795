"""The Memory pane: every GPU, or the host and the engine process, with a history. Shows readings; takes none."""

from __future__ import annotations

from collections import deque

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from quanttui.records import GpuReading, HostReading, MemoryReading
from quanttui.text import safe_line
from quanttui.tui import measures
from quanttui.tui.bindings import keyed_title
from quanttui.units import format_gib, format_memory

_HISTORY = 240
_STALE_SECONDS = 3.0


class MemoryPane(VerticalScroll):
    ALLOW_MAXIMIZE = True

    def __init__(self) -> None:
        super().__init__(id="memory", classes="pane")
        self._reading: MemoryReading | None = None
        self._history: dict[str, deque[float]] = {}
        self._age_words = ""

    def compose(self) -> ComposeResult:
        yield Static("no reading yet", markup=False)

    def on_mount(self) -> None:
        self.border_title = keyed_title(self.app, "memory", "Memory")

    def show(self, reading: MemoryReading) -> None:
        self._reading = reading
        for gpu in reading.gpus:
            self._remember(gpu.uuid, gpu.used_bytes)
        self._remember("engine", reading.host.engine_bytes)
        self._paint()

    def age(self, now_seconds: float) -> None:
        """Readings that stopped coming say so."""
        if self._reading is not None:
            age = now_seconds - self._reading.at_seconds
            words = f"{age:.0f} s old" if age > _STALE_SECONDS else ""
            if words != self._age_words:
                self._age_words = self.border_subtitle = words

    def on_resize(self) -> None:
        self._paint()

    def _remember(self, key: str, used_bytes: int | None) -> None:
        if used_bytes is not None:
            self._history.setdefault(key, deque(maxlen=_HISTORY)).append(float(used_bytes))

    def _paint(self) -> None:
        if self._reading is None:
            return
        width = max(16, self.scrollable_content_region.width)
        blocks = [self._gpu(gpu, width) for gpu in self._reading.gpus] or [self._no_gpu(self._reading, width)]
        self.query_one(Static).update(Content("\n\n").join(blocks))

    def _gpu(self, gpu: GpuReading, width: int) -> Content:
        name = safe_line(gpu.name).removeprefix("NVIDIA ")
        rows = [_ends(f"GPU{gpu.index} {name}", _of(gpu.used_bytes, gpu.total_bytes), width)]
        if gpu.problem:
            return Content("\n").join([rows[0], Content(f"✗ {safe_line(gpu.problem)}")])
        others = None if None in (gpu.used_bytes, gpu.engine_bytes) else (gpu.used_bytes or 0) - (gpu.engine_bytes or 0)
        health = measures.health(gpu.utilization_percent, gpu.power_watts, gpu.temperature_celsius)
        rows += [
            _bar(gpu.used_bytes, gpu.total_bytes, width),
            _pairs(("engine", gpu.engine_bytes), ("others", others), ("free", gpu.free_bytes)),
            Content.styled(health, "$muted"),
            self._spark(gpu.uuid, width, gpu.total_bytes),
        ]
        return Content("\n").join(rows)

    def _no_gpu(self, reading: MemoryReading, width: int) -> Content:
        host: HostReading = reading.host
        rows = [
            _ends("host memory", _of(host.used_bytes, host.total_bytes), width),
            _bar(host.used_bytes, host.total_bytes, width),
            _ends("engine, resident", format_memory(host.engine_bytes), width),
            self._spark("engine", width, None),
        ]
        if host.cpu_percent is not None:
            rows.append(_ends("processor", f"{host.cpu_percent:.0f} %", width))
        if reading.nvml_problem:
            rows.append(Content.styled(f"no GPU: {safe_line(reading.nvml_problem)}", "$muted"))
        return Content("\n").join(rows)

    def _spark(self, key: str, width: int, top: int | None) -> Content:
        return Content.styled(measures.spark(list(self._history.get(key, ())), width, top), "$primary")


def _of(part: int | None, whole: int | None) -> str:
    return f"{measures.gibibytes(part)}/{format_gib(whole)}"


def _ends(left: str, right: str, width: int) -> Content:
    return Content.assemble((left, "$muted"), " " * max(1, width - len(left) - len(right)), right)


def _bar(part: int | None, whole: int | None, width: int) -> Content:
    share = None if part is None or not whole else part / whole
    label = f" {measures.percent(part, whole)}"
    filled, rest = measures.bar(share, width - len(label))
    return Content.assemble((filled, "$primary"), (rest, "$faint"), label)


def _pairs(*pairs: tuple[str, int | None]) -> Content:
    parts: list[str | tuple[str, str]] = []
    for name, value in pairs:
        parts += [(f"{name} ", "$muted"), f"{measures.gibibytes(value)}  "]
    return Content.assemble(*parts).rstrip()
