"""Where the cells of a strip stand: rows of tokens, wrapped to a width. Arithmetic only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

LINES_PER_ROW = 2
"""A line of bars, and below it the line of marks."""


@dataclass(frozen=True)
class StripLayout:
    """``tokens`` cells in ``width`` columns. Wrapped rows hold a round number of tokens and say where they start."""

    tokens: int
    width: int

    @cached_property
    def gutter(self) -> int:
        """Columns for the index a row starts with; none where one row holds everything."""
        wraps = self.tokens > self.width and self.width >= 20
        return len(str(self.tokens)) + 1 if wraps else 0

    @cached_property
    def columns(self) -> int:
        """Tokens a row."""
        room = max(1, self.width - self.gutter)
        return room // 10 * 10 if self.gutter and room >= 10 else room

    @property
    def rows(self) -> int:
        return -(-self.tokens // self.columns)

    @property
    def lines(self) -> int:
        return self.rows * LINES_PER_ROW

    def row(self, row: int) -> range:
        """Indices of the tokens in ``row``."""
        return range(row * self.columns, min((row + 1) * self.columns, self.tokens))

    def row_of(self, index: int) -> int:
        return index // self.columns

    def gutter_text(self, row: int) -> str:
        return f"{row * self.columns + 1:>{self.gutter - 1}} " if self.gutter else ""

    def cell(self, index: int) -> tuple[int, int]:
        """(x, line) of a token's bar."""
        row, column = divmod(index, self.columns)
        return self.gutter + column, row * LINES_PER_ROW

    def below(self, index: int, rows: int) -> int:
        """The token ``rows`` further down in the same column; the last one where that row is short; else itself."""
        target = index + rows * self.columns
        if target < 0:
            return index
        if target >= self.tokens:
            return self.tokens - 1 if self.row_of(index) < self.rows - 1 else index
        return target

    def index_at(self, x: int, line: int) -> int | None:
        """The token whose bar or mark stands there, None where nothing does."""
        column, row = x - self.gutter, line // LINES_PER_ROW
        index = row * self.columns + column
        return index if 0 <= column < self.columns and 0 <= index < self.tokens else None
