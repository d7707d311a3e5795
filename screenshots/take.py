"""Takes every picture of this folder anew: real runs of the embedded demo model, driven by keys.

python screenshots/take.py [NAME ...]
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from quanttui.cli.recording import recording_for
from quanttui.cli.screen_history import screen_history
from quanttui.engine.base import Engine
from quanttui.engine.registry import open_engine
from quanttui.hardware.probe import MemoryProbe
from quanttui.models.catalog import demo_entry, resolve_model
from quanttui.models.demo import PROMPTS
from quanttui.settings import Settings, read_places
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.services import InitialChoices, Services

FOLDER = Path(__file__).parent
PATIENCE_SECONDS = 300.0
SWEEP = ("--variants", "all", "--prompts", "suite", "--text", "built-in", "--max-new-tokens", "32", "--quiet")


@dataclass(frozen=True)
class Picture:
    """``runs``: how many comparisons are run first, each on the next example prompt; ``keys``: what is pressed before
    the picture is taken. ``is_sweep``: a sweep lies in the history, and is opened first."""

    name: str
    size: tuple[int, int]
    runs: int = 1
    keys: tuple[str, ...] = ()
    theme: str = "quanttui-dark"
    is_sweep: bool = False


PICTURES = (
    Picture("start-120x40", (120, 40), runs=0),
    Picture("compare-120x40", (120, 40)),
    Picture("compare-80x24", (80, 24)),
    Picture("compare-200x50", (200, 50)),
    Picture("divergence-80x24", (80, 24), keys=("7", "n")),
    Picture("divergence-120x40", (120, 40), keys=("7", "n", "z")),
    Picture("light-120x40", (120, 40), theme="quanttui-light"),
    Picture("history-120x40", (120, 40), runs=3, keys=("h",)),
    Picture("help-120x40", (120, 40), runs=0, keys=("question_mark",)),
    Picture("sweep-120x40", (120, 40), runs=0, is_sweep=True),
    Picture("sweep-80x24", (80, 24), runs=0, is_sweep=True),
    Picture("sweep-200x50", (200, 50), runs=0, is_sweep=True),
)


async def until(pilot: Pilot[None], condition: Callable[[], object], what: str) -> None:
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + PATIENCE_SECONDS
    while not condition():
        if loop.time() > give_up_at:
            raise SystemExit(f"waited {PATIENCE_SECONDS:g} s for {what}")
        await pilot.pause(0.1)


@contextmanager
def home_of(picture: Picture, swept: Path) -> Iterator[Path]:
    """Where the app finds its history: a place of its own, or the one with the sweep in it, made when first needed."""
    if not picture.is_sweep:
        with tempfile.TemporaryDirectory() as home:
            yield Path(home)
        return
    if not any(swept.iterdir()):
        environ = {**os.environ, "QUANTTUI_HOME": str(swept)}
        subprocess.run([sys.executable, "-m", "quanttui", "sweep", *SWEEP], env=environ, check=True, stdout=sys.stderr)
    yield swept


async def take(picture: Picture, swept: Path) -> None:
    with home_of(picture, swept) as home:
        settings = Settings(read_places({"QUANTTUI_HOME": str(home)}))
        engine = open_engine("torch")
        probe = MemoryProbe(lambda: getattr(engine, "process_id", None))
        try:
            await _drive(QuantTuiApp(_services(picture, settings, engine, probe)), picture)
        finally:
            probe.close()
            engine.close()


def _services(picture: Picture, settings: Settings, engine: Engine, probe: MemoryProbe) -> Services:
    return Services(
        engine,
        lambda: [demo_entry()],
        resolve_model,
        probe.read,
        InitialChoices(prompt=PROMPTS[0], examples=PROMPTS, theme=picture.theme),
        record=recording_for(settings, "screen"),
        history=screen_history(settings, no_history=False),
    )


async def _drive(app: QuantTuiApp, picture: Picture) -> None:
    async with app.run_test(size=picture.size) as pilot:
        await until(pilot, lambda: app.is_open and app.main.selection.engine and not app.main.is_busy, "the engine")
        for run in range(picture.runs):
            if run:
                await pilot.press("full_stop")
            await pilot.press("f5")
            await until(pilot, lambda: app.main.is_busy, "the run's start")
            await until(pilot, lambda: app.main.run_view and app.main.run_view.is_over, "the run")
        if picture.is_sweep:
            await pilot.press("h")
            await until(pilot, lambda: app.screen.query("RunList"), "the history")
            await pilot.pause(1.0)
            await pilot.press("enter")
            await until(pilot, lambda: app.screen.query("SweepPlot"), "the sweep")
        await pilot.press(*picture.keys)
        await pilot.pause(4.0)  # what is shown once nothing else is asked: fits, pages of the history
        app.save_screenshot(f"{picture.name}.svg", path=str(FOLDER))


def main() -> None:
    wanted = set(sys.argv[1:])
    if unknown := wanted - {picture.name for picture in PICTURES}:
        raise SystemExit(f"no such picture: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as swept:
        for picture in PICTURES:
            if not wanted or picture.name in wanted:
                asyncio.run(take(picture, Path(swept)))
                print(picture.name, flush=True)


if __name__ == "__main__":
    main()
