"""A sweep as pictures, without a terminal: its plot and its table of categories, each an SVG. What fits into memory
today is not the sweep's own and is left out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Static

from quanttui.records import SweepPart
from quanttui.records.sweep_run import SweepSnapshot
from quanttui.tui.state.sweep_look import SweepLook
from quanttui.tui.state.sweep_rows import has_figures
from quanttui.tui.theme import DARK
from quanttui.tui.visible import visible_run
from quanttui.tui.widgets.sweep_figures import SweepFigures
from quanttui.tui.widgets.sweep_heat import SweepHeat
from quanttui.tui.widgets.sweep_plot import SweepPlot

PLOT, HEAT = "plot", "categories"
PLOT_SIZE = (120, 36)
_HEAT_WIDTH, _HEAT_FRAME = 162, 8


def sweep_pictures(snapshot: SweepSnapshot) -> dict[str, str]:
    """SVGs by name (``plot``, ``categories``), {} where nothing was measured. Runs an event loop of its own: not for
    a thread that has one; any other thread will do."""
    return asyncio.run(paint_sweep(snapshot))


async def paint_sweep(snapshot: SweepSnapshot) -> dict[str, str]:
    """The same within an event loop."""
    if not has_figures(snapshot):
        return {}
    pictures = {PLOT: await _paint(SweepPlot(), snapshot, PLOT_SIZE)}
    rows = len(snapshot.result.variants) - 1
    if any(swept.by_category for swept in snapshot.result.variants):
        pictures[HEAT] = await _paint(SweepHeat(), snapshot, (_HEAT_WIDTH, rows + _HEAT_FRAME))
    return pictures


async def _paint(part: SweepFigures, snapshot: SweepSnapshot, size: tuple[int, int]) -> str:
    app = _Picture(part, snapshot)
    made: list[str] = []

    async def take(pilot: Pilot[object]) -> None:
        part.show(snapshot, SweepLook(), {})
        await pilot.pause()
        made.append(app.export_screenshot(title="quanttui"))
        app.exit()

    await app.run_async(headless=True, size=size, auto_pilot=take)
    return made[0]


class _Picture(App[None]):
    """One part under a line that says whose figures these are."""

    CSS_PATH: ClassVar[str] = str(Path(__file__).with_name("app.tcss"))
    CSS: ClassVar[str] = "#sweep-picture-heading { height: 1; padding: 0 2; }"
    AUTO_FOCUS = None

    def __init__(self, part: SweepFigures, snapshot: SweepSnapshot) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.animation_level = "none"
        self._part, self._heading = part, _heading(snapshot)

    def compose(self) -> ComposeResult:
        yield Static(self._heading, markup=False, id="sweep-picture-heading")
        yield self._part


def _heading(snapshot: SweepSnapshot) -> Content:
    request, result = snapshot.request, snapshot.result
    facts = [f"reference {visible_run(str(result.reference))}"]
    for part in SweepPart:
        summaries = (swept.text if part is SweepPart.TEXT else swept.suite for swept in result.variants)
        tokens = max((summary.tokens for summary in summaries if summary is not None), default=0)
        facts += [f"{tokens:,} tokens of {part.value}"] if tokens else []
    facts.append(visible_run(snapshot.environment.device_name))
    return Content.assemble((visible_run(request.model.id), "bold $primary"), (f" · {' · '.join(facts)}", "$muted"))
