"""Commands as Textual's bindings, and the names of the keys that hold in a running app."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import App
from textual.binding import Binding, BindingType
from textual.content import Content

from quanttui.tui.key_table import DEFAULT_KEYS, KeyNames
from quanttui.tui.keys import Command


def bindings_of(commands: Iterable[Command]) -> list[BindingType]:
    """For a widget's ``BINDINGS``."""
    return [
        Binding(
            command.keys,
            command.action,
            command.label,
            show=False,
            key_display=command.shown_as,
            priority=command.priority,
            tooltip=command.tooltip,
            id=command.id,
        )
        for command in commands
    ]


def key_names(app: App[object]) -> KeyNames:
    """Those of ``app``; the defaults in an app that rebinds nothing."""
    names = getattr(app, "key_names", DEFAULT_KEYS)
    return names if isinstance(names, KeyNames) else DEFAULT_KEYS


def keyed_title(app: App[object], command_id: str, words: str) -> Content:
    """A pane's title with the key that leads there before it."""
    return Content.assemble((f"{key_names(app)[command_id]} ", "$muted"), words)
