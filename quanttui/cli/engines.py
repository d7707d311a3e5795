"""The engine that the settings name, with its log where the settings say. Imports nothing of an engine itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from quanttui.engine.base import Engine
from quanttui.engine.pool import EnginePool
from quanttui.engine.registry import open_engine
from quanttui.settings import Settings


def open_configured_pool(settings: Settings) -> Engine:
    """More engines of its kind can be opened beside it, each with a log of its own; not inside this process."""
    if settings.in_process:
        return open_configured_engine(settings)

    def make(number: int) -> Engine:
        name = f"engine-{number + 1}.log" if number else "engine.log"
        return open_engine(settings.engine, log_path=_log_path(settings.places.log, name))

    return EnginePool(make)


def open_configured_engine(settings: Settings) -> Engine:
    """Cheap: the engine process starts at the first call."""
    options: dict[str, Any] = {} if settings.in_process else {"log_path": _log_path(settings.places.log)}
    return open_engine(settings.engine, in_process=settings.in_process, **options)


def _log_path(folder: Path, name: str = "engine.log") -> Path | None:
    """None, for a log that lives as long as the engine, where the folder cannot be written."""
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError:
        return None
    return path
