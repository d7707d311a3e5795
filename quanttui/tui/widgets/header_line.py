"""The top line: what is compared, on what hardware."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from quanttui.records import GpuReading, MemoryReading
from quanttui.text import safe_line
from quanttui.tui import measures
from quanttui.tui.state.selection import Selection
from quanttui.tui.visible import fit
from quanttui.units import format_gib

_BAR = 10


class HeaderLine(Static):
    def __init__(self) -> None:
        super().__init__(markup=False, id="header")
        self._selection = Selection()
        self._reading: MemoryReading | None = None

    def show(self, selection: Selection, reading: MemoryReading | None) -> None:
        self._selection, self._reading = selection, reading
        self._paint()

    def on_resize(self) -> None:
        self._paint()

    def _paint(self) -> None:
        width = self.content_size.width
        title, work = "quanttui", work_words(self._selection)
        hardware = hardware_content(self._reading, with_health=width >= 110)
        room = width - len(title) - 3 - hardware.cell_length - 2
        shown = fit(work, max(0, min(room, cell_len(work))))
        gap = max(1, width - len(title) - 3 - cell_len(shown) - hardware.cell_length)
        self.update(Content.assemble((title, "bold $primary"), "   ", shown, " " * gap, hardware), layout=False)


def work_words(selection: Selection) -> str:
    """``demo · bf16 → int8, nf4``."""
    if selection.model is None:
        return "no model chosen"
    names = ", ".join(variant.spelling for variant in selection.candidates) or "nothing ticked"
    return safe_line(f"{selection.model.id} · {selection.reference.spelling} → {names}")


def hardware_content(reading: MemoryReading | None, *, with_health: bool) -> Content:
    """The first GPU, or the host."""
    if reading is None:
        return Content("")
    if reading.gpus:
        return _gpu(reading.gpus[0], len(reading.gpus), with_health=with_health)
    host = reading.host
    return _meter("host", host.used_bytes, host.total_bytes)


def _gpu(gpu: GpuReading, count: int, *, with_health: bool) -> Content:
    name = f"GPU{gpu.index}" + (f" of {count}" if count > 1 else "")
    if not with_health:
        return _meter(name, gpu.used_bytes, gpu.total_bytes)
    model = safe_line(gpu.name).removeprefix("NVIDIA ")
    meter = _meter(f"{name} {fit(model, min(14, len(model)))}", gpu.used_bytes, gpu.total_bytes)
    health = measures.health(gpu.utilization_percent, gpu.power_watts, gpu.temperature_celsius)
    return Content.assemble(meter, f"  {health}")


def _meter(name: str, part: int | None, whole: int | None) -> Content:
    filled, rest = measures.bar(None if part is None or not whole else part / whole, _BAR)
    figures = f" {measures.gibibytes(part)}/{format_gib(whole)}"
    return Content.assemble((f"{name} ", "$muted"), (filled, "$primary"), (rest, "$faint"), figures)
