"""The engine that the settings name, with its log where the settings say. Imports nothing of an engine itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from quanttui.engine.base import Engine
from quanttui.engine.registry import open_engine
from quanttui.settings import Settings


def open_configured_engine(settings: Settings) -> Engine:
    """Cheap: the engine process starts at the first call."""
    options: dict[str, Any] = {} if settings.in_process else {"log_path": _log_path(settings.places.log)}
    return open_engine(settings.engine, in_process=settings.in_process, **options)


def _log_path(folder: Path) -> Path | None:
    """None, for a log that lives as long as the engine, where the folder cannot be written."""
    path = folder / "engine.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError:
        return None
    return path
