"""Takes every picture of this folder anew: real runs of the embedded demo model, driven by keys.

python screenshots/take.py [NAME ...]
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from quanttui.engine.registry import open_engine
from quanttui.hardware.probe import MemoryProbe
from quanttui.models.catalog import demo_entry, resolve_model
from quanttui.models.demo import PROMPTS
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.services import InitialChoices, Services

FOLDER = Path(__file__).parent
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Picture:
    """``run``: whether a comparison is run first; ``keys``: what is pressed before the picture is taken."""

    name: str
    size: tuple[int, int]
    run: bool = True
    keys: tuple[str, ...] = ()
    theme: str = "quanttui-dark"


PICTURES = (
    Picture("start-120x40", (120, 40), run=False),
    Picture("compare-120x40", (120, 40)),
    Picture("compare-80x24", (80, 24)),
    Picture("compare-200x50", (200, 50)),
    Picture("divergence-80x24", (80, 24), keys=("7", "n")),
    Picture("divergence-120x40", (120, 40), keys=("7", "n", "z")),
    Picture("light-120x40", (120, 40), theme="quanttui-light"),
    Picture("help-120x40", (120, 40), run=False, keys=("question_mark",)),
)


async def until(pilot: Pilot[None], condition: Callable[[], object], what: str) -> None:
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + PATIENCE_SECONDS
    while not condition():
        if loop.time() > give_up_at:
            raise SystemExit(f"waited {PATIENCE_SECONDS:g} s for {what}")
        await pilot.pause(0.1)


async def take(picture: Picture) -> None:
    engine = open_engine("torch")
    probe = MemoryProbe(lambda: getattr(engine, "process_id", None))
    choices = InitialChoices(prompt=PROMPTS[0], examples=PROMPTS, theme=picture.theme)
    services = Services(engine, lambda: [demo_entry()], resolve_model, probe.read, choices)
    app = QuantTuiApp(services)
    try:
        async with app.run_test(size=picture.size) as pilot:
            await until(pilot, lambda: app.is_open and app.main.selection.engine, "the engine")
            if picture.run:
                await pilot.press("f5")
                await until(pilot, lambda: app.main.run_view and app.main.run_view.is_over, "the run")
            await pilot.press(*picture.keys)
            await pilot.pause(0.5)
            app.save_screenshot(f"{picture.name}.svg", path=str(FOLDER))
    finally:
        probe.close()
        engine.close()


def main() -> None:
    wanted = set(sys.argv[1:])
    if unknown := wanted - {picture.name for picture in PICTURES}:
        raise SystemExit(f"no such picture: {', '.join(sorted(unknown))}")
    for picture in PICTURES:
        if not wanted or picture.name in wanted:
            asyncio.run(take(picture))
            print(picture.name, flush=True)


if __name__ == "__main__":
    main()
