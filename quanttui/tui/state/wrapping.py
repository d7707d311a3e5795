"""Running text that arrives in pieces, wrapped into lines of cells. Each fragment knows which part of it it shows."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from quanttui.tui.visible import is_bare_mark

_CHUNK = re.compile(r"\n|[^\S\n]+|[^\s␣⍽]*[␣⍽]+|[^\s␣⍽]+")
_TAB = "    "
_BASE = "◌"


class Place(NamedTuple):
    """A character of the text: which piece, and its number in that piece (tabs count as four)."""

    piece: int
    offset: int


class Fragment(NamedTuple):
    text: str
    piece: int
    offset: int


Line = list[Fragment]


class Wrapper:
    """Greedy word wrap that only ever appends: a new piece changes the last line and those after it, no other, and
    there only the word that it goes on with.

    Lines break at blanks; a word wider than a line, and double-width text, which has none, where the line ends. The
    text has to be ``visible_text``: its width is the sum of its characters' widths.
    """

    def __init__(self, width: int) -> None:
        self.width = max(2, width)
        self.lines: list[Line] = [[]]
        self.starts: list[Place] = [Place(0, 0)]
        self._used = self._word_start = self._word_cells = 0

    def append(self, text: str, piece: int, offset: int = 0) -> None:
        """Put ``text`` (already safe to show) from ``offset`` on after what is there."""
        for chunk in _CHUNK.finditer(text.replace("\t", _TAB), offset):
            if chunk[0] == "\n":
                self._break(Place(piece, chunk.end()))
            elif chunk[0].isspace():
                self._put_space(chunk[0], Place(piece, chunk.start()))
            else:
                self._put_word(chunk[0], Place(piece, chunk.start()))

    def rewind(self, piece: int) -> Place:
        """Take away every line that another text of ``piece`` may change; where appending has to go on."""
        keep = max(0, bisect_right(self.starts, Place(piece, 0)) - 2)
        place = self.starts[keep]
        del self.lines[keep + 1 :], self.starts[keep + 1 :]
        self.lines[keep] = []
        self._clear_line()
        return place

    def line_at(self, place: Place) -> int:
        """The line that ``place`` stands on."""
        return max(0, bisect_right(self.starts, place) - 1)

    def _put_space(self, chunk: str, place: Place) -> None:
        """What of a blank the line has no room for is not shown. Some blanks are two cells wide."""
        room = self.width - self._used
        self._add(chunk if cell_len(chunk) <= room else set_cell_size(chunk, room), place)
        self._end_word()

    def _put_word(self, chunk: str, place: Place) -> None:
        at = place.offset
        for is_wide, text in _runs(chunk):
            self._put_run(text, Place(place.piece, at), is_wide=is_wide)
            at += len(text)
        if chunk[-1] in "␣⍽":
            self._end_word()

    def _put_run(self, text: str, place: Place, *, is_wide: bool) -> None:
        if is_wide:
            self._end_word()
        elif is_bare_mark(text[0]) and not self._word_cells:
            self._put_base(place)
        cells = cell_len(text)
        if self._used + cells > self.width >= self._word_cells + cells and not is_wide:
            self._carry_word(place)
        for part, at in [(text, place)] if self._used + cells <= self.width else self._parts(text, place):
            self._add(part, at)
        if is_wide:
            self._end_word()

    def _put_base(self, place: Place) -> None:
        """A mark that begins a word would combine with a blank, or with the pane's border."""
        if self._used == self.width:
            self._break(place)
        self._add(_BASE, place)

    def _parts(self, text: str, place: Place) -> Iterator[tuple[str, Place]]:
        """``text`` cut where lines end; a new line has begun whenever another part comes."""
        start, room = 0, self.width - self._used
        for at, letter in enumerate(text):
            cells = cell_len(letter)
            if cells > room:
                if at > start:
                    yield text[start:at], Place(place.piece, place.offset + start)
                self._break(Place(place.piece, place.offset + at))
                start, room = at, self.width
            room -= cells
        yield text[start:], Place(place.piece, place.offset + start)

    def _carry_word(self, place: Place) -> None:
        """The word that the line ends with moves to a new line."""
        word, cells = self.lines[-1][self._word_start :], self._word_cells
        del self.lines[-1][self._word_start :]
        self._break(Place(word[0].piece, word[0].offset) if word else place)
        self.lines[-1].extend(word)
        self._used = self._word_cells = cells

    def _add(self, text: str, place: Place) -> None:
        if text:
            cells = cell_len(text)
            self.lines[-1].append(Fragment(text, *place))
            self._used += cells
            self._word_cells += cells

    def _end_word(self) -> None:
        self._word_start, self._word_cells = len(self.lines[-1]), 0

    def _break(self, place: Place) -> None:
        self.lines.append([])
        self.starts.append(place)
        self._clear_line()

    def _clear_line(self) -> None:
        self._used = self._word_start = self._word_cells = 0


def _runs(word: str) -> Iterator[tuple[bool, str]]:
    """Runs of narrow and of double-width characters; a mark stays with what it stands on."""
    if word.isascii():
        yield False, word
        return
    wide = False
    marked: list[tuple[bool, str]] = []
    for letter in word:
        wide = wide if is_bare_mark(letter) else cell_len(letter) > 1
        marked.append((wide, letter))
    for is_wide, run in groupby(marked, key=lambda pair: pair[0]):
        yield is_wide, "".join(letter for _, letter in run)
