"""What holds for a whole start of quanttui: defaults, then the environment, then flags. One frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

APP = "quanttui"
_YES = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Settings:
    """``engine``: the registry's name of the engine; ``in_process``: run it inside this process, without a child.

    ``log_folder`` is where the engine process's log goes.
    """

    log_folder: Path
    engine: str = "torch"
    in_process: bool = False


def read_settings(environ: Mapping[str, str], *, in_process: bool | None = None) -> Settings:
    """The settings of this start. A flag that was not given is None.

    ``QUANTTUI_HOME`` goes over the platform's own places, ``QUANTTUI_IN_PROCESS`` is the flag ``--in-process``, and
    ``QUANTTUI_ENGINE`` names another engine ("module:Class"), for tests.
    """
    if in_process is None:
        in_process = environ.get("QUANTTUI_IN_PROCESS", "").lower() in _YES
    engine = environ.get("QUANTTUI_ENGINE") or "torch"
    return Settings(_log_folder(environ.get("QUANTTUI_HOME")), engine, in_process)


def _log_folder(home: str | None) -> Path:
    return Path(home).expanduser().absolute() / "log" if home else platformdirs.user_log_path(APP)
