"""Names of keys: those that a terminal can tell apart, as people write them and as the screen shows them. Pure."""

from __future__ import annotations

import difflib

_PUNCTUATION = {
    ",": "comma", ".": "full_stop", ";": "semicolon", ":": "colon", "?": "question_mark", "!": "exclamation_mark",
    "+": "plus", "-": "minus", "*": "asterisk", "/": "slash", "\\": "backslash", "=": "equals_sign",
    "<": "less_than_sign", ">": "greater_than_sign", "(": "left_parenthesis", ")": "right_parenthesis",
    "[": "left_square_bracket", "]": "right_square_bracket", "{": "left_curly_bracket", "}": "right_curly_bracket",
    "#": "number_sign", "$": "dollar_sign", "%": "percent_sign", "&": "ampersand", "@": "at", "_": "underscore",
    "'": "apostrophe", '"': "quotation_mark", "`": "grave_accent", "^": "circumflex_accent", "~": "tilde",
    "|": "vertical_line", " ": "space",
}  # fmt: skip
_CHARACTERS = {name: character for character, name in _PUNCTUATION.items() if character != " "}
_NAMED = (
    *("escape", "enter", "tab", "backspace", "delete", "insert", "space"),
    *("up", "down", "left", "right", "home", "end", "pageup", "pagedown"),
    *(f"f{number}" for number in range(1, 25)),
)
_SHOWN = {"escape": "esc", "up": "↑", "down": "↓", "left": "←", "right": "→", "pageup": "pgup", "pagedown": "pgdn"}
_MODIFIERS = ("alt", "ctrl", "shift")  # in the order in which Textual puts them

# https://invisible-island.net/xterm/ctlseqs: what a terminal sends for these is the other key's own code.
_SAME_CODE = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
    "ctrl+z": "the shell's stop key",
}
ALLOWED = (
    "A key is a character (x, X, ?), f1 to f24, a name (space, enter, up, pagedown ...), or ctrl+x, alt+x, shift+up"
)


def read_keys(text: str) -> tuple[str, ...]:
    """The keys in ``text`` ("f9, ctrl+r"), as Textual names them. Raises ValueError, saying what is wrong."""
    parts = ["comma"] if text.strip() == "," else [part.strip() for part in text.split(",")]
    if not all(parts):
        raise ValueError("a key is missing; the comma itself is written comma")
    return tuple(dict.fromkeys(key for part in parts for key in _read_key(part)))


def show_key(key: str) -> str:
    """How ``key`` is written on the screen: ``F5``, ``^p``, ``?``, ``→``."""
    *modifiers, name = key.split("+")
    if name in _SHOWN:
        name = _SHOWN[name]
    elif name[0] == "f" and name[1:].isdigit():
        name = name.upper()
    else:
        name = _CHARACTERS.get(name, name)
    return "^" + name if modifiers == ["ctrl"] else "+".join((*modifiers, name))


def is_typed(key: str) -> bool:
    """Whether ``key`` writes a character into a text field."""
    return len(key) == 1 or key == "space" or key in _CHARACTERS or key.startswith("upper_")


def _read_key(text: str) -> tuple[str, ...]:
    modifiers, name = _split(text)
    held = sorted(modifier.lower() for modifier in modifiers)
    if any(modifier not in _MODIFIERS for modifier in held):
        raise ValueError(f"{text!r} begins with no modifier: those are ctrl, alt and shift")
    if not held and len(name) == 1 and name.isupper():
        return name, f"upper_{name.lower()}"  # terminals name it either way
    key = _read_name(text, name, is_held=bool(held))
    if held == ["shift"] and is_typed(key):
        raise ValueError(f"{text!r} is written as the character itself, such as {name.upper()}")
    whole = "+".join((*held, key))
    if whole in _SAME_CODE:
        raise ValueError(f"a terminal cannot tell {text!r} from {_SAME_CODE[whole]}")
    return (whole,)


def _split(text: str) -> tuple[list[str], str]:
    """Modifiers and the key they are held with; the plus sign itself is a key too."""
    held, _, name = text.rpartition("+")
    if not name:
        held, name = held.removesuffix("+"), "+"
    return held.split("+") if held else [], name


def _read_name(text: str, name: str, *, is_held: bool) -> str:
    if len(name) == 1 and name.isprintable():
        return _PUNCTUATION.get(name, name.lower() if is_held else name)
    lower = name.lower()
    if lower in _NAMED or lower in _CHARACTERS:
        return lower
    close = difflib.get_close_matches(lower, (*_NAMED, *_CHARACTERS), n=1, cutoff=0.6)
    nearest = f"; did you mean {close[0]}?" if close else ""
    raise ValueError(f"no key is called {text!r}{nearest}")
