"""A stored run as a picture of the screen that shows it, without a terminal. No engine runs and no memory is read: what
is not the run's own stays blank."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator

from textual.pilot import Pilot

from quanttui.engine.base import LoadedModel
from quanttui.errors import UsageError
from quanttui.records import (
    EncodedText,
    EncodeRequest,
    EngineDescription,
    EngineMemory,
    EstimateRequest,
    HostReading,
    LoadProgress,
    LoadRequest,
    MemoryEstimate,
    MemoryReading,
    ModelEntry,
    Run,
)
from quanttui.records.history import StoredRun
from quanttui.text import safe_line
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.services import InitialChoices, Services
from quanttui.tui.state.run_lines import when_words
from quanttui.tui.widgets.stored_line import StoredLine

PICTURE_SIZE = (120, 40)
_BEAT_SECONDS = 0.01


def run_picture(stored: StoredRun, size: tuple[int, int] = PICTURE_SIZE) -> str:
    """The cockpit with ``stored`` on it, as an SVG. Not for a thread: the app heeds signals while it is up."""
    released = threading.Event()
    app = QuantTuiApp(_services(stored.run, released))
    made: list[str] = []

    async def take(pilot: Pilot[object]) -> None:
        while not (app.is_open and app.main.is_mounted and app.main.entries):
            await pilot.pause(_BEAT_SECONDS)
        app.main.show_stored(stored)
        app.main.query_one(StoredLine).show(_heading(stored), ())
        await pilot.pause()
        await pilot.pause(2 * app.services.link.paint_interval_seconds)
        made.append(app.export_screenshot())
        released.set()
        app.exit()

    asyncio.run(app.run_async(headless=True, size=size, auto_pilot=take))
    return made[0]


def _heading(stored: StoredRun) -> str:
    line = stored.line
    return f"Run of {when_words(line.started_seconds)} · {safe_line(line.model_id)} · {safe_line(line.run_id)}"


def _services(run: Run, released: threading.Event) -> Services:
    request = run.request

    def find_model(typed: str) -> ModelEntry:
        raise UsageError(f"{typed} is not looked for", "A picture is of one run.")

    def read_memory() -> MemoryReading:
        """Tells nothing before the picture is taken: today's memory is not the run's."""
        released.wait()
        return MemoryReading(0.0, (), HostReading(0, 0, 0, None, None))

    return Services(
        engine=_Described(run.environment),
        list_models=lambda: (request.model,),
        find_model=find_model,
        read_memory=read_memory,
        choices=InitialChoices(
            prompt=request.prompts[0] if request.prompts else "",
            reference=run.reference,
            candidates=request.candidates,
            settings=request.generation,
        ),
        memory_interval_seconds=None,
    )


class _Described:
    """An engine that ran once: it says where, and does nothing more."""

    def __init__(self, environment: EngineDescription) -> None:
        self._environment = environment

    def describe(self) -> EngineDescription:
        return self._environment

    def estimate(self, request: EstimateRequest) -> MemoryEstimate:
        raise _nothing_runs()

    def encode(self, request: EncodeRequest) -> EncodedText:
        raise _nothing_runs()

    def load(self, request: LoadRequest) -> Generator[LoadProgress, None, LoadedModel]:
        raise _nothing_runs()

    def cancel(self) -> None:
        pass

    def memory(self) -> EngineMemory:
        return EngineMemory()

    def close(self) -> None:
        pass


def _nothing_runs() -> UsageError:
    return UsageError("nothing runs while a picture is taken", "Run quanttui for that.")
