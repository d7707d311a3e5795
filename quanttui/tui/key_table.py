"""Every command by its id, the keys that it has once the user's own are read, and how the screen names them. Knows no
Textual, so that the command line can check a settings file and write a template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from types import MappingProxyType

from quanttui.errors import UsageError, did_you_mean
from quanttui.tui.history_keys import (
    CONFIRM_COMMANDS,
    EXPORT_COMMANDS,
    FORMAT_COMMANDS,
    HISTORY_COMMANDS,
    RUN_COMPARISON_COMMANDS,
    RUN_LIST_COMMANDS,
)
from quanttui.tui.key_names import ALLOWED, is_typed, read_keys, show_key
from quanttui.tui.keys import APP_COMMANDS, SCREEN_COMMANDS, Command
from quanttui.tui.sweep_keys import SWEEP_FIGURE_COMMANDS
from quanttui.tui.sweeping_keys import SWEEP_COMMANDS, SWEEP_FORM_COMMANDS, SWEEP_TICK_COMMANDS
from quanttui.tui.widget_keys import (
    ASK_COMMANDS,
    BRANCH_COMMANDS,
    DETAILS_COMMANDS,
    DIVERGENCE_COMMANDS,
    FILTER_COMMANDS,
    HELP_COMMANDS,
    LIST_COMMANDS,
    MODEL_COMMANDS,
    OPEN_COMMANDS,
    RESULTS_COMMANDS,
    STRIP_COMMANDS,
    SWITCH_COMMANDS,
    TEXT_COMMANDS,
)

# Where each key acts. Within a scope a key can mean one thing; an inner scope (a list) may take a key of the cockpit.
SCOPES: Mapping[str, tuple[Command, ...]] = {
    "everywhere": (*SCREEN_COMMANDS, *APP_COMMANDS),
    "in lists": LIST_COMMANDS,
    "in the models": MODEL_COMMANDS,
    "in the filter": FILTER_COMMANDS,
    "in the results": RESULTS_COMMANDS,
    "in texts": TEXT_COMMANDS,
    "on switches": SWITCH_COMMANDS,
    "in the divergence pane": (*STRIP_COMMANDS, *DIVERGENCE_COMMANDS),
    "in the help": HELP_COMMANDS,
    "in the details": DETAILS_COMMANDS,
    "in questions": ASK_COMMANDS,
    "when a model is opened": OPEN_COMMANDS,
    "in a branch": BRANCH_COMMANDS,
    "in the history": (*HISTORY_COMMANDS, *RUN_LIST_COMMANDS),
    "in the comparison of runs": RUN_COMPARISON_COMMANDS,
    "in a sweep": SWEEP_COMMANDS,
    "in a sweep's figures": SWEEP_FIGURE_COMMANDS,
    "in the sweep's form": (*SWEEP_FORM_COMMANDS, *SWEEP_TICK_COMMANDS),
    "in yes or no": CONFIRM_COMMANDS,
    "in the export": (*EXPORT_COMMANDS, *FORMAT_COMMANDS),
}
COMMANDS: Mapping[str, Command] = {command.id: command for scope in SCOPES.values() for command in scope}


class KeymapError(UsageError):
    """A rebinding that cannot be. ``binding_id`` is the entry at fault."""

    def __init__(self, binding_id: str, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.binding_id = binding_id


class KeyNames:
    """The keys that hold now: the commands' own, or those of ``keymap`` (an id to Textual's names of keys)."""

    def __init__(self, keymap: Mapping[str, str] = MappingProxyType({})) -> None:
        self._keymap = keymap

    def keys(self, command_id: str) -> tuple[str, ...]:
        """As Textual names them."""
        return tuple((self._keymap.get(command_id) or COMMANDS[command_id].keys).split(","))

    def all(self, command_id: str, *, inside: Iterable[Command] = ()) -> str:
        """All keys as the screen writes them, less those that ``inside``, an inner scope, has taken."""
        taken = {key for command in inside if command.id != command_id for key in self.keys(command.id)}
        keys, own = self.keys(command_id), COMMANDS[command_id]
        if own.shown_as is not None and command_id not in self._keymap and not taken & set(keys):
            return own.shown_as
        shown = (show_key(key) for key in keys if key not in taken and not key.startswith("upper_"))
        return " ".join(dict.fromkeys(shown))

    def __getitem__(self, command_id: str) -> str:
        """The first key, as a sentence names it: ``ctrl+q leaves``."""
        first = self.all(command_id).partition(" ")[0]
        return f"ctrl+{first[1:]}" if first.startswith("^") and first != "^" else first

    @cached_property
    def by_id(self) -> Mapping[str, str]:
        return {command_id: self.all(command_id) for command_id in COMMANDS}


DEFAULT_KEYS = KeyNames()


def written_keys(command: Command) -> str:
    """A command's own keys as a settings file has them."""
    return ",".join(key for key in command.keys.split(",") if not key.startswith("upper_"))


def check_keymap(wanted: Mapping[str, str]) -> dict[str, str]:
    """``wanted`` (a binding's id to keys as people write them) as Textual's keymap. Raises KeymapError."""
    keymap = {binding_id: ",".join(_keys_of(binding_id, text)) for binding_id, text in wanted.items()}
    names = KeyNames(keymap)
    urgent = tuple(command for command in APP_COMMANDS + SCREEN_COMMANDS if command.priority)
    for where, scope in SCOPES.items():
        _refuse_clash(where, {command.id: command for command in (*scope, *urgent)}, names, keymap)
    return keymap


def _keys_of(binding_id: str, text: str) -> tuple[str, ...]:
    if binding_id not in COMMANDS:
        nearest = did_you_mean(binding_id, COMMANDS, cutoff=0.5)
        raise KeymapError(
            binding_id, f"no key binding has the id {binding_id!r}", f"{nearest}Ids: {', '.join(COMMANDS)}"
        )
    try:
        keys = read_keys(text)
    except ValueError as error:
        raise KeymapError(binding_id, f"{binding_id} = {text!r}: {error}", ALLOWED) from None
    if COMMANDS[binding_id].priority and (typed := next((key for key in keys if is_typed(key)), None)):
        message = f"{binding_id} = {text!r}: it acts while text is typed too, and {show_key(typed)} writes a character"
        raise KeymapError(binding_id, message, "Choose a function key, or a letter with ctrl+ or alt+.")
    return keys


def _refuse_clash(where: str, scope: Mapping[str, Command], names: KeyNames, rebound: Mapping[str, str]) -> None:
    holders: dict[str, str] = {}
    for binding_id in scope:
        for key in names.keys(binding_id):
            other = holders.setdefault(key, binding_id)
            if other != binding_id and (mine := next((name for name in (binding_id, other) if name in rebound), None)):
                theirs = other if mine == binding_id else binding_id
                message = f"{mine} = {rebound[mine]!r}: {show_key(key)} is {theirs}'s key already ({where})"
                raise KeymapError(mine, message, f"Choose another key, or give {theirs} another one too.")
