"""A model in one row of columns, as many as fit, and in a few lines of facts. Content only: no widget, no state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from rich.cells import cell_len
from textual.content import Content

from quanttui.records import ModelEntry
from quanttui.text import safe_line
from quanttui.tui.visible import cut_middle, fit
from quanttui.units import format_bytes, format_count

_SHORT_COMMIT = 8
_SIGN_CELLS = 2
_LONGEST_NAME = 72


@dataclass(frozen=True, slots=True)
class Column:
    """``from_width``: the narrowest row that has it."""

    title: str
    cells: int
    from_width: int
    text: Callable[[ModelEntry], str]
    flush_right: bool = True


def used_on(entry: ModelEntry) -> str:
    """The day of the last use, as clocks here have it."""
    if entry.last_used_seconds is None:
        return ""
    return datetime.fromtimestamp(entry.last_used_seconds).strftime("%Y-%m-%d")


def held_as(entry: ModelEntry) -> str:
    """The quantization that it was saved with, else its floating type."""
    return entry.prequantized or (entry.dtype.value if entry.dtype else "")


def revision_of(entry: ModelEntry) -> str:
    return (entry.revision or "")[:_SHORT_COMMIT]


def _context(entry: ModelEntry) -> str:
    return f"{entry.context_length:,}" if entry.context_length else ""


COLUMNS = (
    Column("size", 8, 0, lambda entry: "" if entry.size_bytes is None else format_bytes(entry.size_bytes)),
    Column("params", 6, 46, lambda entry: format_count(entry.parameter_count) if entry.parameter_count else ""),
    Column("held as", 8, 58, held_as),
    Column("last used", 10, 72, used_on),
    Column("context", 9, 84, _context),
    Column("revision", 8, 96, revision_of),
    Column("architecture", 24, 124, lambda entry: entry.architecture or "", flush_right=False),
)


def columns(width: int) -> list[Column]:
    return [column for column in COLUMNS if width >= column.from_width]


def heading(width: int) -> Content:
    """The titles of the columns, in a row of ``width`` cells."""
    shown = columns(width)
    cells = [_cell(column, column.title) for column in shown]
    name = fit(" " * _SIGN_CELLS + "model", _name_room(shown, width) + _SIGN_CELLS)
    return Content.styled(name + "".join(cells), "$muted")


@dataclass(frozen=True, slots=True)
class ModelRow:
    """``positions``: the letters of its id that were searched for."""

    entry: ModelEntry
    chosen: bool = False
    positions: tuple[int, ...] = ()

    def content(self, width: int) -> Content:
        sign = "✗" if self.entry.problem else "●" if self.chosen else " "
        style = "bold" if self.chosen else "dim" if self.entry.problem else ""
        shown = columns(width)
        name = name_content(safe_line(self.entry.id), self.positions, _name_room(shown, width))
        cells = "".join(_cell(column, safe_line(column.text(self.entry))) for column in shown)
        row = Content.assemble(f"{sign} ", name, (cells, "$muted"))
        return row.stylize_before(style) if style else row


def name_content(name: str, positions: tuple[int, ...], room: int) -> Content:
    """``name`` in exactly ``room`` cells, both its ends in sight; ``positions`` are underlined and bold."""
    content = Content(name)
    for at in positions:
        content = content.stylize("bold underline $accent", at, at + 1)
    kept, after = cut_middle(name, room, positions)
    if kept < len(name):
        content = Content.assemble(content[:kept], ("…", "$muted"), content[after:])
    return content + " " * max(0, room - content.cell_length)


def name_fits(entry: ModelEntry, width: int) -> bool:
    """Whether a row of ``width`` cells shows the whole name."""
    return cell_len(safe_line(entry.id)) <= _name_room(columns(width), width)


def facts(entry: ModelEntry, *, with_name: bool = False) -> Content:
    """What it is; before that, why it cannot be run."""
    known = [
        f"{format_count(entry.parameter_count)} parameters" if entry.parameter_count else "",
        f"context {_context(entry)}" if entry.context_length else "",
        f"saved as {entry.prequantized}" if entry.prequantized else "",
        str(entry.dtype) if entry.dtype else "",
        entry.architecture or "",
        f"revision {revision_of(entry)}" if entry.revision else "",
        f"used {used_on(entry)}" if entry.last_used_seconds is not None else "",
    ]
    words = " · ".join(part for part in known if part) or str(entry.source)
    lines = [Content(safe_line(entry.id))] if with_name else []
    if entry.problem:
        lines.append(Content.styled(f"✗ {safe_line(entry.problem)}", "$error"))
    return Content("\n").join([*lines, Content.styled(safe_line(words), "$muted")])


def _name_room(shown: list[Column], width: int) -> int:
    """More would only carry the figures away from it."""
    return min(_LONGEST_NAME, max(4, width - _SIGN_CELLS - sum(column.cells + 2 for column in shown) + 1))


def _cell(column: Column, text: str) -> str:
    """Two cells before it keep it apart, one before the first."""
    padded = fit(text, column.cells)
    if column.flush_right and cell_len(text) < column.cells:
        padded = " " * (column.cells - cell_len(text)) + text
    return ("  " if column.from_width else " ") + padded
