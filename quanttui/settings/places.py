"""Where quanttui keeps what. Knows the platform's own places, makes none of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

APP = "quanttui"
FILE_NAME = "settings.toml"


@dataclass(frozen=True, slots=True)
class Places:
    """Where quanttui keeps what: ``config`` the settings file, ``data`` the history and exports, ``state`` what is
    remembered between starts, ``cache`` what can be made again, ``log`` the engine process's log."""

    config: Path
    data: Path
    state: Path
    cache: Path
    log: Path

    @property
    def settings_file(self) -> Path:
        return self.config / FILE_NAME


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
