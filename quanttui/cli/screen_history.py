"""What the screen is handed of the history: where it lies, why it may not be kept, how a run is repeated."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from quanttui.cli.late import find_again
from quanttui.cli.recording import history_path, recording_for
from quanttui.runs.export.privacy import privacy_of
from quanttui.settings import Settings
from quanttui.tui.history_access import HistoryAccess

if TYPE_CHECKING:
    from quanttui.pipeline.recorded import StartRecording
    from quanttui.runs.store import RunStore


def screen_history(settings: Settings, *, no_history: bool) -> HistoryAccess:
    """``no_history``: the flag of this session."""

    def record_again(run_id: str) -> StartRecording | None:
        return recording_for(settings, "screen", wanted=not no_history, rerun_of=run_id)

    return HistoryAccess(
        open=partial(_open, history_path(settings)),
        off=_why_off(settings, no_history=no_history),
        find_again=find_again,
        record_again=record_again,
        folder=Path.cwd(),
        privacy=privacy_of(os.environ),
    )


def _open(path: Path) -> RunStore:
    from quanttui.runs.store import RunStore

    return RunStore.open_existing(path)


def _why_off(settings: Settings, *, no_history: bool) -> str:
    if no_history:
        return "runs of this session are not kept: started with --no-history; start without it to keep them"
    if not settings.history:
        return "runs are not kept: the setting history is off; history = true in the settings file keeps them"
    return ""
