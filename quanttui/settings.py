"""What holds for one start of quanttui: defaults, the settings file, the environment, flags. One frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

APP = "quanttui"
_YES = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Places:
    """Where quanttui keeps what: ``config`` the settings file, ``data`` the history and exports, ``state`` what is
    remembered between starts, ``cache`` what can be made again, ``log`` the engine process's log."""

    config: Path
    data: Path
    state: Path
    cache: Path
    log: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """``engine``: the registry's name of the engine; ``in_process``: run it inside this process, without a child.

    ``history``: write runs into the database. ``theme`` None: the one that was chosen last. ``keys``: a binding's id
    to the keys that replace its own. ``low_bandwidth``: fewer frames, no animation, no mouse.
    """

    places: Places
    engine: str = "torch"
    in_process: bool = False
    history: bool = True
    theme: str | None = None
    low_bandwidth: bool = False
    mouse: bool = True
    memory_interval_seconds: float = 1.0
    keys: Mapping[str, str] = field(default_factory=dict)


def read_settings(environ: Mapping[str, str], *, in_process: bool | None = None) -> Settings:
    """The settings of this start. A flag that was not given is None.

    ``QUANTTUI_HOME`` goes over the platform's own places, ``QUANTTUI_IN_PROCESS`` is the flag ``--in-process``, and
    ``QUANTTUI_ENGINE`` names another engine ("module:Class"), for tests.
    """
    if in_process is None:
        in_process = environ.get("QUANTTUI_IN_PROCESS", "").lower() in _YES
    engine = environ.get("QUANTTUI_ENGINE") or "torch"
    return Settings(read_places(environ), engine, in_process)


def read_places(environ: Mapping[str, str]) -> Places:
    """All below ``QUANTTUI_HOME`` where that is set, else where the platform wants them."""
    if home := environ.get("QUANTTUI_HOME"):
        root = Path(home).expanduser().absolute()
        return Places(root, root / "data", root / "state", root / "cache", root / "log")
    return Places(
        platformdirs.user_config_path(APP),
        platformdirs.user_data_path(APP),
        platformdirs.user_state_path(APP),
        platformdirs.user_cache_path(APP),
        platformdirs.user_log_path(APP),
    )
