"""Puts one start's settings together: defaults < settings file < environment < flags. Raises UsageError for the first
value that cannot be, naming where it stands and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from quanttui.errors import UsageError
from quanttui.settings.file import SettingsFile, read_file
from quanttui.settings.places import read_places
from quanttui.settings.values import KEYS, SETTINGS, Setting, Settings

FILE_VARIABLE = "QUANTTUI_SETTINGS"


def read_settings(environ: Mapping[str, str], flags: Mapping[str, Any] | None = None) -> Settings:
    """The settings of this start; ``QUANTTUI_SETTINGS`` names another file than the platform's."""
    places = read_places(environ)
    file = _find_file(environ, places.settings_file)
    settings = Settings(places)
    if file is not None:
        lines = {setting.name: file.origin(setting.path) for setting in SETTINGS if setting.name in file.values}
        lines |= {f"{KEYS}.{name}": file.origin((KEYS, name)) for name in file.keys}
        settings = replace(settings, **file.values, keys=file.keys, file=file, origins=lines)
    return with_flags(with_environment(settings, environ), flags or {})


def with_flags(settings: Settings, flags: Mapping[str, Any]) -> Settings:
    """``flags`` by the settings' names; None: not given. Text is read as the environment's is."""
    given: dict[str, Any] = {}
    for setting in SETTINGS:
        if (value := flags.get(setting.name)) is not None:
            option = "--" + setting.name.replace("_", "-")
            given[setting.name] = _parse(setting, value, option) if isinstance(value, str) else value
            settings = replace(settings, origins={**settings.origins, setting.name: option})
    return replace(settings, **given)


def _find_file(environ: Mapping[str, str], usual: Path) -> SettingsFile | None:
    if named := environ.get(FILE_VARIABLE):
        return read_file(Path(named).expanduser().absolute())
    return read_file(usual) if usual.exists() else None


def with_environment(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """Each setting has its variable; an empty one counts as not set."""
    given = {s: text for s in SETTINGS if (text := environ.get(s.variable, "").strip())}
    values = {s.name: _parse(s, text, s.variable) for s, text in given.items()}
    return replace(settings, **values, origins={**settings.origins, **{s.name: s.variable for s in given}})


def _parse(setting: Setting, text: str, where: str) -> Any:
    try:
        return setting.kind.parse(text)
    except ValueError as error:
        raise UsageError(f"{where}: {text!r} {error}", f"Allowed: {setting.kind.allowed}") from None
