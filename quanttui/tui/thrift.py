"""Sends a terminal only what changes on it. Knows escape sequences and cells; knows no widget and no terminal.

Textual repaints whole regions, spells out the style of every piece and resets it after each. What it writes is read
here as cells, compared with what the terminal shows already, and written anew: pieces that are there already are left
out, styles are given as the difference to the one before. That is several times less over a slow link, whatever the
panes do.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rich.cells import cell_len

FORGET = "\x00"
"""Written by itself: what the terminal shows is not known any more (it was resized, or somebody else wrote to it)."""

_TOKEN = re.compile(
    r"\x1b\[(?P<row>\d+);(?P<column>\d+)H"
    r"|\x1b\[(?P<style>[\d;]*)m"
    r"|(?P<newline>\r?\n)"
    r"|(?P<text>[^\x00-\x1f\x7f]+)"
    r"|(?P<other>\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-~]|\x1b.|.)",
    re.DOTALL,
)
# These leave the cells as they are: synchronized output, modes of mouse, paste, focus and keyboard, the cursor's look.
_HARMLESS = re.compile(r"\x1b\[\?(?!1049|47|1047|3h|3l)[\d;]*(?:\$p|[hl])|\x1b\[[<>=]?[\d;]*u|\x1b\].*", re.DOTALL)
_UNKNOWN = "\x00"
# A gap this small between two changed stretches of a piece is cheaper sent than jumped over.
_JUMP = 10


class Thrift:
    """One terminal's screen as it was last written. Rows and columns count from 1."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[str, str]] = {}
        self._marks: dict[str, str] = {}
        self._at: tuple[int, int] | None = None
        self._style = ""
        self._made: list[str] = []
        self._there: tuple[int, int] | None = None
        self._worn = ""

    def squeeze(self, written: str) -> str:
        """What has to be sent for ``written``. A sequence must not be split over two calls."""
        self._made = []
        token = None
        for token in _TOKEN.finditer(written):
            match token.lastgroup:
                case "column":
                    self._at = (int(token["row"]), int(token["column"]))
                case "style":
                    self._style = _joined(self._style, token["style"])
                case "newline":
                    self._at = (self._at[0] + 1, 1) if self._at else None
                case "text":
                    self._write(token["text"])
                case _:
                    self._pass_on(token[0])
        if token is not None and token.lastgroup == "column" and self._at != self._there:
            self._made.append(token[0])  # where the cursor is left: input methods open there
            self._there = self._at
        return "".join(self._made)

    def _write(self, text: str) -> None:
        if self._at is None:
            self._send(None, text, self._style)
            return
        row, column = self._at
        width = len(text) if text.isascii() else cell_len(text)
        if width != len(text):  # wide or combining characters: terminals disagree where they end
            self._send((row, column), text, self._style)
            self._rows.pop(row, None)
            self._there = None
        else:
            self._compare(row, column, text)
        self._at = (row, column + width)

    def _compare(self, row: int, column: int, text: str) -> None:
        """Send the part of ``text`` that differs from what stands there."""
        mark = self._marks.setdefault(self._style, chr(len(self._marks) + 1))
        start, end = column - 1, column - 1 + len(text)
        chars, styles = self._rows.get(row, ("", ""))
        if len(chars) < end:
            chars, styles = chars.ljust(end, _UNKNOWN), styles.ljust(end, _UNKNOWN)
        there, worn = chars[start:end], styles[start:end]
        looks = mark * len(text)
        if there == text and worn == looks:
            return
        self._rows[row] = chars[:start] + text + chars[end:], styles[:start] + looks + styles[end:]
        for first, after in _changed(there, text, worn, mark):
            self._send((row, column + first), text[first:after], self._style)

    def _send(self, at: tuple[int, int] | None, text: str, style: str) -> None:
        if at is not None and at != self._there:
            self._made.append(f"\x1b[{at[0]};{at[1]}H")
        if style != self._worn:
            self._made.append(_change(self._worn, style))
            self._worn = style
        self._made.append(text)
        self._there = (at[0], at[1] + len(text)) if at is not None else None

    def _pass_on(self, sequence: str) -> None:
        """Anything else goes through; what may have touched the cells ends what is known of them."""
        if sequence == FORGET or not _HARMLESS.fullmatch(sequence):
            self._rows.clear()
            self._there = None
        if sequence == FORGET:
            return
        if self._worn and not self._style:
            self._made.append("\x1b[0m")
            self._worn = ""
        self._made.append(sequence)


def _changed(there: str, text: str, worn: str, mark: str) -> list[tuple[int, int]]:
    """The stretches of ``text`` that are not on the screen yet; those close to each other are one."""
    stretches: list[tuple[int, int]] = []
    for index, letter in enumerate(text):
        if letter == there[index] and worn[index] == mark:
            continue
        if stretches and index - stretches[-1][1] < _JUMP:
            stretches[-1] = (stretches[-1][0], index + 1)
        else:
            stretches.append((index, index + 1))
    return stretches


@lru_cache(maxsize=1024)
def _joined(style: str, more: str) -> str:
    """The style after the sequence ``more``, in one spelling: "" is the terminal's own."""
    if more in ("", "0"):
        return ""
    return f"{style};{more}" if style else more


@lru_cache(maxsize=4096)
def _change(worn: str, wanted: str) -> str:
    """The shortest sequence that turns one style into the other."""
    whole = f"\x1b[0;{wanted}m" if wanted and worn else f"\x1b[{wanted or 0}m"
    before, after = _parts(worn), _parts(wanted)
    if not before or not after or not before.keys() <= after.keys():
        return whole
    new = [value for name, value in after.items() if before.get(name) != value]
    partial = f"\x1b[{';'.join(new)}m"
    return partial if len(partial) < len(whole) else whole


def _parts(style: str) -> dict[str, str]:
    """A style's colours and attributes, each by what it replaces; empty where it is none or not understood."""
    codes, parts = style.split(";") if style else [], {}
    while codes:
        code = codes.pop(0)
        if code in ("38", "48"):
            length = {"2": 4, "5": 2}.get(codes[0] if codes else "", 0)
            value = [code, *codes[:length]]
            del codes[:length]
            parts["fg" if code == "38" else "bg"] = ";".join(value)
        elif code.isdigit() and (30 <= int(code) <= 37 or 90 <= int(code) <= 97 or code == "39"):
            parts["fg"] = code
        elif code.isdigit() and (40 <= int(code) <= 47 or 100 <= int(code) <= 107 or code == "49"):
            parts["bg"] = code
        elif code in {"1", "2", "3", "4", "5", "7", "8", "9"}:
            parts[code] = code
        else:
            return {}
    return parts
