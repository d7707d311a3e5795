"""The settings file as it was read: its values, and an error for any of them that names file and line."""

from __future__ import annotations

import errno
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quanttui.errors import UsageError, did_you_mean
from quanttui.settings.kinds import toml_text
from quanttui.settings.toml_lines import KeyPath, key_lines
from quanttui.settings.values import KEYS, SETTINGS

_PLACE = re.compile(r" ?\(at (?:line (\d+), column \d+|end of document)\)")
_LARGEST_BYTES = 1_000_000
_TEMPLATE_HINT = "quanttui doctor --write-settings writes a file with every setting explained."


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """``values`` by the settings' names, ``keys`` by the bindings' ids."""

    path: Path
    values: Mapping[str, Any]
    keys: Mapping[str, str]
    lines: Mapping[KeyPath, int]

    def origin(self, path: KeyPath) -> str:
        return f"{self.path.name}, line {self.lines[path]}"

    def error(self, path: KeyPath, message: str, hint: str) -> UsageError:
        """About what stands at ``path`` in the file."""
        return UsageError(f"{self.path}, line {self.lines[path]}: {message}", hint)


def read_file(path: Path) -> SettingsFile:
    """Raises UsageError for what cannot be read, is no TOML, or is no setting; the first of them in the file."""
    document, lines = _parse(path)
    bare = SettingsFile(path, {}, {}, lines)
    problems = {**_unknown(document), **_mistyped(document)}
    if problems:
        first = min(problems, key=lambda at: lines[at])
        raise bare.error(first, *problems[first])
    values = {s.name: s.kind.read(value) for s in SETTINGS if (value := _get(document, s.path)) is not None}
    keys = {name: _key_text(value) for name, value in document.get(KEYS, {}).items()}
    return SettingsFile(path, values, keys, lines)


def _read_bytes(path: Path) -> bytes:
    """Only of what has an end: a pipe would be waited for, a device read for ever. Raises OSError."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(errno.EINVAL, "it is no file but a pipe, a socket or a device")
    with path.open("rb") as file:
        raw = file.read(_LARGEST_BYTES + 1)
    if len(raw) > _LARGEST_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {_LARGEST_BYTES // 1_000_000} MB")
    return raw


def _parse(path: Path) -> tuple[dict[str, Any], dict[KeyPath, int]]:
    try:
        raw = _read_bytes(path)
    except OSError as error:
        raise UsageError(f"the settings file {path} cannot be read: {error.strerror}", _TEMPLATE_HINT) from None
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
        return tomllib.loads(text), key_lines(text)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}, line {line}: this is no UTF-8 text", "Save the file as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(path, text, str(error)) from None


def _syntax_error(path: Path, text: str, said: str) -> UsageError:
    place = _PLACE.search(said)
    line = int(place[1]) if place and place[1] else text.rstrip("\n").count("\n") + 1
    words = _PLACE.sub("", said)
    return UsageError(f"{path}, line {line}: this is no TOML: {words}", 'Lines look like: theme = "quanttui-dark"')


def _unknown(document: Mapping[str, Any]) -> dict[KeyPath, tuple[str, str]]:
    """What is no setting, with what to say of it."""
    known = {setting.path for setting in SETTINGS}
    tables = {setting.table for setting in SETTINGS if setting.table} | {KEYS}
    problems: dict[KeyPath, tuple[str, str]] = {}
    for path in _paths(document, tables):
        if path[0] == KEYS or path in known:
            continue
        if path[0] in tables and len(path) == 1:
            problems[path] = (f"{path[0]} is a table", f"Write its settings below a line [{path[0]}].")
        else:
            problems[path] = _not_a_setting(path, known)
    return problems


def _paths(document: Mapping[str, Any], tables: set[str]) -> Iterator[KeyPath]:
    """Every setting that the file gives; a table that is none of ``tables`` as a whole."""
    for name, value in document.items():
        if name in tables and isinstance(value, dict):
            yield from ((name, key) for key in value)
        else:
            yield (name,)


def _not_a_setting(path: KeyPath, known: set[KeyPath]) -> tuple[str, str]:
    spelled = {".".join(each): each for each in sorted(known)}
    name = ".".join(path)
    here = next((each for each in spelled if each.split(".")[-1] == path[-1]), None)
    if here is not None:
        table = here.rpartition(".")[0]
        where = f"below a line [{table}]" if table else "at the top of the file, before any table"
        return f"there is no setting {name}", f"{path[-1]} stands {where}."
    nearest = did_you_mean(name, spelled, cutoff=0.5)
    return f"there is no setting {name}", f"{nearest}Settings: {', '.join(spelled)}"


def _mistyped(document: Mapping[str, Any]) -> dict[KeyPath, tuple[str, str]]:
    """Settings with a value that they cannot have, with what to say of it."""
    problems: dict[KeyPath, tuple[str, str]] = {}
    for setting in SETTINGS:
        value = _get(document, setting.path)
        try:
            if value is not None:
                setting.kind.read(value)
        except ValueError as error:
            message = f"{setting.path[-1]} = {_shown(value)} {error}"
            problems[setting.path] = (message, f"Allowed: {setting.kind.allowed}")
    bindings = document.get(KEYS, {})
    for name, value in bindings.items() if isinstance(bindings, dict) else ():
        try:
            _key_text(value)
        except ValueError as error:
            problems[KEYS, name] = (f"{name} = {_shown(value)} {error}", 'Keys are written "f9" or "f9,ctrl+r".')
    if not isinstance(bindings, dict):
        problems[KEYS,] = ("keys is a table", "Write the bindings below a line [keys].")
    return problems


def _get(document: Mapping[str, Any], path: KeyPath) -> Any:
    """None where the file does not give it; TOML itself has no such value."""
    value: Any = document
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return value


def _key_text(value: object) -> str:
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return ",".join(value)
    if not isinstance(value, str):
        raise ValueError("is no text in quotes")
    return value


def _shown(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return toml_text(value) if isinstance(value, bool | int | float | str) else str(value)
