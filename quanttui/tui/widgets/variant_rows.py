"""A variant in one row: what it is in the next run, its size, whether it fits. Content only: no widget, no state."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from quanttui.records import Fit, Variant
from quanttui.text import safe_line
from quanttui.tui.state.fit_view import MARKS, FitBoard
from quanttui.tui.state.selection import Selection
from quanttui.tui.visible import fit as fit_cells
from quanttui.units import format_bytes, format_memory

_SIZE, _VERDICT, _FIGURE = 9, 7, 10
_WITH_NEED, _WITH_ROOM, _WITH_CACHE, _WITH_PEAK = 54, 72, 94, 116
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class VariantRow:
    """``name`` is safe to show. ``measured_bytes``: of a load; without one the size is the foretold one, marked ~.
    ``why_not``: it cannot be at all."""

    sign: str
    name: str
    fit: Fit | None = None
    measured_bytes: int | None = None
    why_not: bool = False
    style: str = ""

    def content(self, width: int) -> Content:
        right = Content.styled("not here", "$muted") if self.why_not else self._figures(width)
        room = min(_LONGEST_NAME, max(4, width - 3 - right.cell_length))
        name = fit_cells(self.name, room, from_end=cell_len(self.name) > room)
        row = Content.assemble(f"{self.sign} {name} ", right)
        return row.stylize_before(self.style) if self.style else row

    def _figures(self, width: int) -> Content:
        fit = self.fit
        size = self._size()
        if fit is None:
            return Content(size)
        word, colour = MARKS[fit.verdict]
        figures = "".join(f"  {name} {value:>{_FIGURE}}" for name, value in _more(fit, width))
        return Content.assemble(
            (f"{size:>{_SIZE}}", "$muted"), (figures, "$muted"), " ", (f"{word:<{_VERDICT}}", colour)
        )

    def _size(self) -> str:
        if self.measured_bytes is not None:
            return format_bytes(self.measured_bytes)
        estimate = self.fit.estimate if self.fit else None
        return f"~{format_bytes(estimate.weights_bytes)}" if estimate else ""


def variant_row(variant: Variant, selection: Selection, board: FitBoard) -> VariantRow:
    name, fit = safe_line(variant.spelling), board.fits.get(variant)
    size = selection.measured_bytes.get(variant)
    if variant == selection.reference:
        return VariantRow("●", f"{name} ref", fit, size, style="bold")
    if selection.why_not(variant):
        return VariantRow("✗", name, why_not=True, style="dim")
    return VariantRow("☑" if variant in selection.ticked else "☐", name, fit, size)


def _more(fit: Fit, width: int) -> list[tuple[str, str]]:
    """Further figures with their names, as many as there is room for."""
    if (estimate := fit.estimate) is None:
        return []
    figures = (
        (_WITH_NEED, "needs", estimate.needed_bytes),
        (_WITH_ROOM, "room", fit.room_bytes),
        (_WITH_CACHE, "KV cache", estimate.kv_cache_bytes),
        (_WITH_PEAK, "load peak", estimate.load_peak_bytes),
    )
    return [(name, format_memory(value)) for least, name, value in figures if width >= least]
