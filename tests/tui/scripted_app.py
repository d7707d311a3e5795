"""The app on a scripted engine, with everything that changes from run to run held still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from rich.text import Text
from textual.command import Command, CommandList
from textual.pilot import Pilot
from textual.widgets import Static

from quanttui.engine.scripted import Gate, Script, ScriptedEngine, default_script
from quanttui.errors import UsageError
from quanttui.records import GpuReading, HostReading, MemoryReading, ModelEntry, ModelSource, Precision
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.services import InitialChoices, Services
from quanttui.tui.widgets.footer_lines import FooterLines
from quanttui.tui.widgets.output_pane import OutputPane

GIB = 2**30
DEMO = ModelEntry(
    "demo",
    "/models/demo",
    ModelSource.DEMO,
    size_bytes=14_684_160,
    parameter_count=7_342_080,
    dtype=Precision.BF16,
    context_length=512,
)
LLAMA = ModelEntry(
    "meta-llama/Llama-3.1-8B-Instruct",
    "/models/llama",
    ModelSource.CACHE,
    size_bytes=16_060_522_496,
    parameter_count=8_030_261_248,
    dtype=Precision.BF16,
    context_length=131_072,
)
BROKEN = ModelEntry("someone/broken", "/models/broken", ModelSource.CACHE, problem="its config.json cannot be read")
HOST_ONLY = MemoryReading(
    0.0, (), HostReading(16 * GIB, 5 * GIB, 11 * GIB, 512 * 2**20, 23.0), "the NVIDIA driver is not installed"
)
WITH_GPU = MemoryReading(
    0.0,
    (
        GpuReading(
            0, "GPU-1", "NVIDIA H200", 150_000_000_000, 65_700_000_000, 84_300_000_000, 6_870_000_000, 87, 412.0, 61
        ),
    ),
    HostReading(256 * GIB, 90 * GIB, 166 * GIB, 3 * GIB, 12.0),
)


class StoryEngine(ScriptedEngine):
    """A scripted engine that lets go of its gate when it is closed, as a killed process would."""

    def __init__(self, script: Script | None = None, gate: Gate | None = None) -> None:
        super().__init__(script, hold=gate)
        self.gate = gate
        self.closed = 0

    def close(self) -> None:
        self.closed += 1
        super().close()
        if self.gate is not None:
            self.gate.release()


def find_model(typed: str) -> ModelEntry:
    if typed == "/models/llama":
        return LLAMA
    raise UsageError(f"{typed} is no model", "Name a folder with a config.json in it.")


def make_app(
    script: Script | None = None,
    gate: Gate | None = None,
    *,
    choices: InitialChoices | None = None,
    reading: MemoryReading = HOST_ONLY,
    models: tuple[ModelEntry, ...] = (DEMO, LLAMA, BROKEN),
    **changes: Any,
) -> QuantTuiApp:
    numbers = count(1)
    services = Services(
        engine=StoryEngine(script or default_script(), gate),
        list_models=lambda: models,
        find_model=find_model,
        read_memory=lambda: reading,
        choices=choices or InitialChoices(),
        memory_interval_seconds=None,
        clock=lambda: 0.0,
        new_run_id=lambda: f"run-{next(numbers)}",
        **{"write_output": lambda variant, text: Path(f"outputs/{variant}-1.txt"), **changes},
    )
    return QuantTuiApp(services)


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    """Let the app work until ``condition`` holds."""
    for _ in range(1000):
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError(f"it never came to that; the footer says {status(pilot.app)!r}")


async def settle(pilot: Pilot[None]) -> None:
    """Until the engine is warm, the models are listed and memory was read."""
    app = pilot.app
    assert isinstance(app, QuantTuiApp)
    await until(pilot, lambda: app.is_open and app.main.selection.engine and app.main.reading and app.main.is_listed)
    await pilot.pause()


async def finish(pilot: Pilot[None]) -> None:
    """Until the run is over and painted."""
    app = pilot.app
    assert isinstance(app, QuantTuiApp)
    await until(pilot, lambda: app.main.run_view is not None and app.main.run_view.is_over and not app.main._stale)
    await pilot.pause()


async def pick(pilot: Pilot[None], name: str) -> None:
    """Until the palette's search is over and offers ``name`` first, then enter."""

    def is_offered() -> bool:
        palette = pilot.app.screen
        offered = palette.query(CommandList)
        searching = any(worker.is_running for worker in pilot.app.workers if worker.node is palette)
        option = offered.first().highlighted_option if offered and not searching else None
        return isinstance(option, Command) and name in (option.hit.text or "")

    await until(pilot, is_offered)
    await pilot.press("enter")


async def reach(pilot: Pilot[None], gate: Gate) -> None:
    """Until the engine stands at ``gate`` and all that it told before is painted."""
    app = pilot.app
    assert isinstance(app, QuantTuiApp)
    await until(pilot, gate.reached.is_set)
    await pilot.pause()
    app.main.paint()
    await pilot.pause()


@asynccontextmanager
async def running(app: QuantTuiApp, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[None]]:
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield pilot


def status(app: object) -> str:
    assert isinstance(app, QuantTuiApp)
    return app.main.query_one(FooterLines).status.text


def said_of_settings(app: QuantTuiApp) -> str:
    """The problem that the settings pane shows, however its lines break."""
    region = app.main.query_one("#settings-problem", Static).region
    lines = screen_lines(app)[region.y : region.bottom]
    return " ".join(" ".join(line[region.x : region.right] for line in lines).split())


def pane_text(app: QuantTuiApp, pane: str) -> str:
    """What the pane's text shows, line by line."""
    text = app.main.query_one(f"#{pane}", OutputPane).text
    return "\n".join(text.render_line(y).text.rstrip() for y in range(text.size.height)).rstrip()


def screen_lines(app: QuantTuiApp) -> list[str]:
    """Every line of the screen, as plain text."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def screen_text(app: QuantTuiApp) -> str:
    return "\n".join(screen_lines(app))


def plain(value: object) -> str:
    return value.plain if isinstance(value, Text) else str(value)


def keys(text: str) -> Iterator[str]:
    """``text`` as key presses."""
    names = {" ": "space", "+": "plus", "=": "equals_sign", "/": "slash", ".": "full_stop", "-": "minus"}
    return (names.get(letter, letter) for letter in text)
