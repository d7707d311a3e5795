"""Every setting, declared once: its name, default, kind and one line of explanation. Reads nothing.

The settings file's template, its checks, the environment's variables and what ``--help`` says are made from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from quanttui.records import Plan, Variant
from quanttui.settings.kinds import Flag, Kind, Number, OneOf, OneVariant, Text, Variants
from quanttui.settings.places import Places

if TYPE_CHECKING:
    from quanttui.errors import UsageError
    from quanttui.settings.file import SettingsFile

KEYS = "keys"
THEMES = (
    *("quanttui-dark", "quanttui-light", "ansi-dark", "ansi-light", "textual-dark", "textual-light"),
    *("atom-one-dark", "atom-one-light", "catppuccin-frappe", "catppuccin-latte", "catppuccin-macchiato"),
    *("catppuccin-mocha", "dracula", "flexoki", "gruvbox", "monokai", "nord", "rose-pine", "rose-pine-dawn"),
    *("rose-pine-moon", "solarized-dark", "solarized-light", "tokyo-night"),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """``table``: the file's table that it stands in, "" for none. ``unset``: what holds where the default is None."""

    name: str
    kind: Kind
    words: str
    default: Any
    table: str = ""
    key: str = ""
    unset: str = ""

    @property
    def variable(self) -> str:
        return f"QUANTTUI_{self.name.upper()}"

    @property
    def path(self) -> tuple[str, ...]:
        """Where it stands in the file."""
        return tuple(filter(None, (self.table, self.key or self.name)))


def setting(kind: Kind, words: str, default: Any = None, *, table: str = "", key: str = "", unset: str = "") -> Any:
    """A field of ``Settings``."""
    told = {"kind": kind, "words": words, "table": table, "key": key, "unset": unset}
    return field(default=default, metadata={"setting": told})


@dataclass(frozen=True, slots=True)
class Settings:
    """``keys``: a binding's id to the keys that replace its own, as written. ``file``: the settings file that was read.

    ``origins``: where each setting that is not the default was given. ``problem``: why the file or the environment was
    set aside; only ``doctor`` goes on then.
    """

    places: Places
    theme: str | None = setting(
        OneOf(THEMES), "The colours. ansi-dark and ansi-light take the terminal's own.", unset="the one chosen last"
    )
    low_bandwidth: bool = setting(Flag(), "Send little: fewer frames, no animation, no mouse (for slow links).", False)
    mouse: bool = setting(Flag(), "Listen to the mouse. Without it the terminal selects text itself.", True)
    history: bool = setting(Flag(), "Keep every run in a database, with its prompts and outputs.", True)
    memory_interval_seconds: float = setting(Number(0.1, 60), "Seconds between two readings of the memory.", 1.0)
    engine: str = setting(
        Text('"torch", "scripted" (a made-up engine), or your own as "module:Class"'),
        "What runs the models.", "torch", table="engine", key="name",
    )  # fmt: skip
    in_process: bool = setting(
        Flag(), "Run the engine inside the app, without a process of its own: a crash ends both.", False, table="engine"
    )
    model: str | None = setting(
        Text('"demo", a folder, or a model in the hub cache (id or id@revision)'), "The model chosen at the start.",
        table="run", unset="the one chosen last, else demo",
    )  # fmt: skip
    reference: Variant | None = setting(  # noqa: RUF009  (a field)
        OneVariant(), "What the candidates are compared with.", table="run",
        unset="the one chosen last, else the checkpoint's own half-precision type",
    )  # fmt: skip
    candidates: tuple[Variant, ...] | None = setting(
        Variants(), "The variants ticked at the start.", table="run", unset="those ticked last, else int8 and nf4"
    )
    max_new_tokens: int | None = setting(
        Number(1, 100_000, whole=True), "Tokens to generate at most.", table="run", unset="as last time, else 100"
    )
    plan: str = setting(
        OneOf(tuple(plan.value for plan in Plan)), "One model at a time, or several side by side: faster, in more "
        "memory, with speeds that share the machine; auto: where they hardly would.", "sequential", table="run",
    )  # fmt: skip
    cache_gigabytes: float = setting(
        Number(0, 100_000),
        "Room on the disk for what sweeps keep of their references (10⁹ bytes).",
        10.0,
        table="sweep",
    )
    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    file: SettingsFile | None = None
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    problem: UsageError | None = None


SETTINGS = tuple(Setting(f.name, default=f.default, **f.metadata["setting"]) for f in fields(Settings) if f.metadata)
