"""quanttui, or a bare Textual text field beside the same decoding, with a watch on the UI thread's stalls.

``python watched_app.py quanttui|bare STALLS``: every stall of the event loop goes into the file STALLS, a line each:
when it ended (``time.perf_counter``) and how many seconds it took. Used by ``key_latency.py``.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

_BEAT_SECONDS = 0.005


async def watch_stalls(path: Path) -> None:
    """How much later than asked the loop comes back from a short sleep."""
    with path.open("w", buffering=1) as stalls:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(_BEAT_SECONDS)
            after = time.perf_counter()
            if after - before > 2 * _BEAT_SECONDS:
                stalls.write(f"{after} {after - before - _BEAT_SECONDS}\n")


def watched(app_class: type[Any], path: Path) -> type[Any]:
    class Watched(app_class):  # type: ignore[misc]
        def on_load(self) -> None:
            self.watching = asyncio.get_running_loop().create_task(watch_stalls(path))

    return Watched


def run_bare(path: Path) -> None:
    """A text field, and a comparison by the engine process whose events nobody looks at; F5 starts it."""
    from textual.app import App, ComposeResult
    from textual.binding import BindingType
    from textual.widgets import TextArea

    from quanttui.engine.registry import open_engine
    from quanttui.models.catalog import demo_entry
    from quanttui.pipeline import run_comparison
    from quanttui.records import GenerationSettings, Precision, RunRequest, Variant
    from quanttui.tui.workers.threads import start_thread

    engine = open_engine(os.environ["QUANTTUI_ENGINE"])

    class Bare(App[None]):
        BINDINGS: ClassVar[list[BindingType]] = [("f5", "decode"), ("ctrl+q", "quit")]

        def compose(self) -> ComposeResult:
            yield TextArea("bare")

        def on_mount(self) -> None:
            engine.describe()

        def action_decode(self) -> None:
            start_thread(self.decode, "decode")

        def decode(self) -> None:
            candidates = (Variant(Precision.INT8), Variant(Precision.NF4))
            settings = GenerationSettings(max_new_tokens=400)
            request = RunRequest("bare", demo_entry(), None, candidates, ("Once upon a time",), settings)
            for _ in run_comparison(engine, request):
                pass

    watched(Bare, path)().run()
    engine.close()


def run_quanttui(path: Path) -> None:
    from quanttui.cli import main
    from quanttui.tui import app

    app.QuantTuiApp = watched(app.QuantTuiApp, path)  # type: ignore[misc]
    raise SystemExit(main([]))


if __name__ == "__main__":
    {"quanttui": run_quanttui, "bare": run_bare}[sys.argv[1]](Path(sys.argv[2]))
