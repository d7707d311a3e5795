"""On which line of a TOML text each key stands: ``tomllib`` tells no places. Takes only valid TOML."""

from __future__ import annotations

import re
import tomllib

KeyPath = tuple[str, ...]

_BLANK = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_PART = re.compile(r"""[ \t]*([A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')[ \t]*""")
# Strings first, so that nothing in them counts as a bracket or a comment.
_ATOM = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|\#[^\n]*|[\[\]{}]|[^\[\]{}"'\#\n,]+|.''',
    re.DOTALL,
)


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line, counted from 1, of every table and key, by its path. Of keys in an array the array's own."""
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._lines: dict[KeyPath, int] = {}

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip_blank():
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _skip_blank(self) -> bool:
        """To the next thing that is said; whether there is one."""
        self._at = _match(_BLANK, self._text, self._at).end()
        return self._at < len(self._text)

    def _header(self) -> KeyPath:
        self._at += 2 if self._text.startswith("[[", self._at) else 1
        path = self._key(())
        self._at = self._text.index("]", self._at)
        while self._text.startswith("]", self._at):
            self._at += 1
        return path

    def _pair(self, table: KeyPath) -> None:
        path = self._key(table)
        self._at = _match(re.compile(r"[ \t]*=[ \t]*"), self._text, self._at).end()
        if self._text.startswith("{", self._at):
            self._inline_table(path)
        else:
            self._skip_value()

    def _inline_table(self, table: KeyPath) -> None:
        self._at += 1
        while self._skip_blank() and self._text[self._at] != "}":
            self._pair(table)
        self._at += 1

    def _key(self, table: KeyPath) -> KeyPath:
        """A key with dots between its parts; each part of the way is noted where it is first named."""
        line = self._text.count("\n", 0, self._at) + 1
        path = table
        while True:
            part = _match(_PART, self._text, self._at)
            path = (*path, _plain(part[1]))
            self._lines.setdefault(path, line)
            self._at = part.end()
            if not self._text.startswith(".", self._at):
                return path
            self._at += 1

    def _skip_value(self) -> None:
        """To what ends the value: a comma, a closing brace or the line's end, outside of brackets."""
        depth = 0
        while self._at < len(self._text):
            atom = _match(_ATOM, self._text, self._at)
            if depth == 0 and atom[0] in (",", "}", "\n"):
                return
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(atom[0], 0)
            self._at = atom.end()


def _plain(part: str) -> str:
    """A part of a key without its quotes."""
    return next(iter(tomllib.loads(f"{part} = 0"))) if part[0] in "\"'" else part


def _match(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str]:
    found = pattern.match(text, at)
    assert found is not None, "the text was checked to be TOML"
    return found
