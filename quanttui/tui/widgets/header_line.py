"""The top line: what is compared, on what hardware."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from quanttui.records import EngineDescription, HostReading, MemoryReading
from quanttui.text import safe_line
from quanttui.tui import measures
from quanttui.tui.state.selection import Selection
from quanttui.tui.visible import fit
from quanttui.units import format_gib

_TITLE = "quanttui"


@dataclass(frozen=True, slots=True)
class _Detail:
    """How much is said of the hardware: the device's name, the cells of its bar, the words between its readings."""

    has_name: bool
    bar_cells: int
    separator: str


# What can be spared first goes first; memory, utilisation, power and temperature stay.
_LESS_AND_LESS = (_Detail(True, 10, " · "), _Detail(False, 10, " · "), _Detail(False, 6, " · "), _Detail(False, 4, " "))


class HeaderLine(Static):
    def __init__(self) -> None:
        super().__init__(markup=False, id="header")
        self._selection = Selection()
        self._reading: MemoryReading | None = None
        self._doing = ""

    def show(self, selection: Selection, reading: MemoryReading | None, doing: str = "") -> None:
        """``doing``: what goes on besides, safe to show."""
        self._selection, self._reading, self._doing = selection, reading, doing
        self._paint()

    def on_resize(self) -> None:
        self._paint()

    def _paint(self) -> None:
        line = header_content(self._selection, self._reading, self.content_size.width, self._doing)
        self.update(line, layout=False)


def header_content(selection: Selection, reading: MemoryReading | None, width: int, doing: str = "") -> Content:
    """The work at the left, the hardware at the right; the app's own name is the first to give way."""
    work = "  ● ".join(filter(None, (work_words(selection), doing)))
    offers = [hardware_content(reading, selection.engine, detail) for detail in _LESS_AND_LESS]
    hardware = next((offer for offer in offers if offer.cell_length + 2 + cell_len(work) <= width), offers[-1])
    room = width - hardware.cell_length - 2
    title = Content.assemble((_TITLE, "bold $primary"), "   ")
    has_room = title.cell_length + cell_len(work) <= room
    left = Content.assemble(title if has_room else "", fit(work, min(room, cell_len(work))))
    return Content.assemble(left, " " * max(1, width - left.cell_length - hardware.cell_length), hardware)


def work_words(selection: Selection) -> str:
    """``demo · bf16 → int8, nf4``."""
    if selection.model is None:
        return "no model chosen"
    names = ", ".join(variant.spelling for variant in selection.candidates) or "nothing ticked"
    return safe_line(f"{selection.model.id} · {selection.reference.spelling} → {names}")


def hardware_content(reading: MemoryReading | None, engine: EngineDescription | None, detail: _Detail) -> Content:
    """The GPU in use and how many there are besides, or the host."""
    if reading is None:
        return Content("")
    if not reading.gpus:
        return _host(reading.host, engine, detail)
    gpu = reading.own_gpu(engine.device if engine is not None else "") or reading.gpus[0]
    name = f"GPU{gpu.index}"
    if detail.has_name:
        model = safe_line(gpu.name).removeprefix("NVIDIA ")
        name += f" {fit(model, min(14, cell_len(model)))}"
    health = measures.health(gpu.utilization_percent, gpu.power_watts, gpu.temperature_celsius)
    others = len(reading.gpus) - 1
    besides = f"  +{others} GPU{'s' if others > 1 else ''}" if others else ""
    meter = _meter(name, gpu.used_bytes, gpu.total_bytes, detail)
    return Content.assemble(meter, "  ", health.replace(" · ", detail.separator), (besides, "$muted"))


def _host(host: HostReading, engine: EngineDescription | None, detail: _Detail) -> Content:
    name = "host"
    if detail.has_name and engine is not None and engine.device_name:
        device = safe_line(engine.device_name)
        name = f"{fit(device, min(24, cell_len(device)))} · host"
    busy = f"  {host.cpu_percent:.0f} %" if host.cpu_percent is not None else ""
    return Content.assemble(_meter(name, host.used_bytes, host.total_bytes, detail), busy)


def _meter(name: str, part: int | None, whole: int | None, detail: _Detail) -> Content:
    filled, rest = measures.bar(None if part is None or not whole else part / whole, detail.bar_cells)
    figures = f" {measures.gibibytes(part)}/{format_gib(whole)}"
    return Content.assemble((f"{name} ", "$muted"), (filled, "$primary"), (rest, "$faint"), figures)
