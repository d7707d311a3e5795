"""Running text that arrives in pieces, wrapped into lines of cells. Each fragment keeps the index of its piece."""

from __future__ import annotations

import re

from rich.cells import cell_len, chop_cells

Fragment = tuple[str, int]
Line = list[Fragment]
_CHUNK = re.compile(r"\n|[^\S\n]+|\S+")


class Wrapper:
    """Greedy word wrap that only ever appends: a new piece changes the last line and those after it, no other.

    Lines break at spaces; a word wider than a line, and double-width text, which has none, where the line ends.
    """

    def __init__(self, width: int) -> None:
        self.width = max(2, width)
        self.lines: list[Line] = [[]]
        self._used = 0
        self._word_start = 0
        self._word_cells = 0

    def append(self, text: str, piece: int) -> None:
        """Put ``text`` (already safe to show) after what is there."""
        for chunk in _CHUNK.findall(text.replace("\t", "    ")):
            if chunk == "\n":
                self._break()
            elif chunk.isspace():
                self._put_space(chunk, piece)
            else:
                self._put_word(chunk, piece)

    def line_of(self, piece: int) -> int | None:
        """The first line that shows something of ``piece``."""
        return next((y for y, line in enumerate(self.lines) if any(part[1] == piece for part in line)), None)

    def _put_space(self, chunk: str, piece: int) -> None:
        room = self.width - self._used
        self._add(chunk[:room], piece)
        self._word_start, self._word_cells = len(self.lines[-1]), 0

    def _put_word(self, chunk: str, piece: int) -> None:
        cells = cell_len(chunk)
        breakable = cells > len(chunk)
        if self._used + cells > self.width >= self._word_cells + cells and not breakable:
            self._carry_word()
        while self._used + cells > self.width:
            head = chop_cells(chunk, self.width - self._used)[0] if self._used < self.width else ""
            head = head if cell_len(head) <= self.width - self._used else ""
            self._add(head, piece)
            chunk, cells = chunk[len(head) :], cell_len(chunk[len(head) :])
            self._break()
        self._add(chunk, piece)
        self._word_cells += cells

    def _carry_word(self) -> None:
        """The word that the line ends with moves to a new line."""
        start = self._word_start
        word = self.lines[-1][start:]
        del self.lines[-1][start:]
        cells = self._word_cells
        self._break()
        self.lines[-1].extend(word)
        self._used = self._word_cells = cells

    def _add(self, text: str, piece: int) -> None:
        if text:
            self.lines[-1].append((text, piece))
            self._used += cell_len(text)

    def _break(self) -> None:
        self.lines.append([])
        self._used = self._word_start = self._word_cells = 0
