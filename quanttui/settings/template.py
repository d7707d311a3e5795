"""The settings file that ``quanttui doctor --write-settings`` makes: every setting with its explanation, all of them
commented out. Which key bindings there are it is told."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from quanttui.errors import UsageError
from quanttui.settings.kinds import OneOf, toml_text
from quanttui.settings.values import KEYS, SETTINGS, Setting
from quanttui.whole_files import write_whole

_WIDTH = 100
_HEAD = """\
# Settings of quanttui. A line counts once the # before it is taken away.
# Flags go over the environment (QUANTTUI_ and the setting's name), that over this file."""
_KEYS_HEAD = """\
# An id, and the keys that replace its own: "f9" or "f9,ctrl+r". A key is a character (x, X, ?), f1 to f24, a name
# (space, enter, escape, tab, up, pagedown ...), or one of them with ctrl+, alt+ or shift+ before it."""

Binding = tuple[str, str, str]
"""A binding's id, its own keys, and what it does."""


def template_text(bindings: Mapping[str, Sequence[Binding]]) -> str:
    """``bindings`` by the words for where they act."""
    parts = [_HEAD]
    for table, settings in groupby(SETTINGS, key=lambda setting: setting.table):
        parts += [f"[{table}]"] if table else []
        parts += map(_setting, settings)
    parts += [f"[{KEYS}]\n{_KEYS_HEAD}"]
    parts += ["\n".join([f"# -- {where}", *_bindings(rows)]) for where, rows in bindings.items()]
    return "\n\n".join(parts) + "\n"


def write_template(path: Path, text: str, *, replace: bool = False) -> None:
    """Whole or not at all. Raises UsageError where a file stands that may not be replaced, or none can be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode(), replace=replace)
    except OSError as error:
        if isinstance(error, FileExistsError) and path.parent.is_dir():
            raise UsageError(
                f"there is a settings file already: {path}",
                "It was left as it is. quanttui doctor --write-settings --force replaces it.",
            ) from None
        raise UsageError(f"{path} cannot be written: {error.strerror}", "QUANTTUI_HOME names another place.") from None


def _setting(setting: Setting) -> str:
    default = setting.unset if setting.default is None else f"default: {toml_text(setting.default)}"
    lead = "unless set: " if setting.default is None else ""
    about = [setting.words, f"{setting.kind.allowed} · {lead}{default}"]
    lines = [line for words in about for line in textwrap.wrap(words, _WIDTH - 2, break_on_hyphens=False)]
    return "\n".join([*(f"# {line}" for line in lines), f"#{setting.path[-1]} = {_example(setting)}"])


def _example(setting: Setting) -> str:
    """The default, or something that is allowed."""
    if setting.default is not None:
        return toml_text(setting.default)
    kind = setting.kind
    return toml_text(kind.options[0]) if isinstance(kind, OneOf) else _EXAMPLES[setting.name]


_EXAMPLES = {"model": '"demo"', "reference": '"bf16"', "candidates": '["int8", "nf4"]', "max_new_tokens": "100"}


def _bindings(rows: Iterable[Binding]) -> Iterator[str]:
    lines = [(f"#{name} = {toml_text(keys)}", words) for name, keys, words in rows]
    width = max((len(line) for line, _ in lines), default=0)
    return (f"{line:<{width}}  # {words}" for line, words in lines)
