"""Whether and where a run is kept, as settings and command line have it. Imports the store only once a run starts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from quanttui.settings import Settings

if TYPE_CHECKING:
    from quanttui.pipeline.recorded import StartRecording
    from quanttui.pipeline.recorded_sweep import StartSweepRecording
    from quanttui.records.events import RunStarted
    from quanttui.records.sweep_events import SweepStarted
    from quanttui.runs.recorder import RunRecorder
    from quanttui.runs.sweep_recorder import SweepRecorder


def history_path(settings: Settings) -> Path:
    return settings.places.data / "history.db"


def recording_for(
    settings: Settings, interface: str = "command", *, wanted: bool = True, rerun_of: str | None = None
) -> StartRecording | None:
    """None where neither the settings nor the command line want runs to be kept."""
    if not (wanted and settings.history):
        return None

    def start(started: RunStarted) -> RunRecorder:
        from quanttui.pipeline.recorded import recording

        return recording(history_path(settings), interface, rerun_of)(started)

    return start


def sweep_recording_for(
    settings: Settings, interface: str = "command", *, wanted: bool = True, rerun_of: str | None = None
) -> StartSweepRecording | None:
    """The same of a sweep."""
    if not (wanted and settings.history):
        return None

    def start(started: SweepStarted) -> SweepRecorder:
        from quanttui.pipeline.recorded_sweep import recording_sweep

        return recording_sweep(history_path(settings), interface, rerun_of)(started)

    return start
