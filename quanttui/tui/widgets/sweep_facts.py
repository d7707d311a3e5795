"""What stands about a sweep's plot: its signs, and the numbers of the selected variant. Shows words only."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from quanttui.records import FitVerdict
from quanttui.tui.state.sweep_plot import Kind, kind_of
from quanttui.tui.state.sweep_rows import SweepRows
from quanttui.tui.state.sweep_selected import Fact, SelectedWords
from quanttui.tui.visible import fit
from quanttui.tui.widgets.summary_line import VERDICT_STYLES

_KINDS = {
    Kind.RECOMMENDED: "★ recommended",
    Kind.FRONTIER: "◆ frontier",
    Kind.BEATEN: "◇ beaten",
    Kind.REFERENCE: "● reference",
    Kind.UNRANKED: "○ not ranked yet",
    Kind.FAILED: "× failed",
}
_PLAIN = ("memory", "speed")
"""What is told by its unit, where lines are few."""
_FITS = {FitVerdict.FITS: "✓ fits", FitVerdict.TIGHT: "! tight", FitVerdict.DOES_NOT_FIT: "✗ no"}


class SweepSigns(Widget):
    """The plot's signs on one line."""

    DEFAULT_CSS = "SweepSigns { height: 1; color: $muted; }"

    def __init__(self) -> None:
        super().__init__()
        self._signs: list[str] = []

    def show(self, rows: SweepRows) -> None:
        self._signs = _signs(rows)
        self.refresh()

    def render(self) -> Content:
        """As wide apart as there is room for; the last ones go first."""
        width = self.content_size.width
        lines = [(" " * gap).join(self._signs[:stop]) for stop in (None, -1, -2) for gap in (4, 3, 2)]
        return Content(next((line for line in lines if cell_len(line) <= width), fit(lines[-1], width)))


def _signs(rows: SweepRows) -> list[str]:
    """Those that are there."""
    shown = [row for row in rows.rows if row.divergence is not None or row.is_reference]
    signs = [text for kind, text in _KINDS.items() if any(kind_of(row) is kind for row in shown)]
    signs += [text for fits, text in _FITS.items() if any(row.fit is fits for row in shown)]
    signs.append("│ 95 %")
    return [*signs, "… growing"] if any(row.is_growing for row in shown) else signs


class SweepFacts(Widget):
    """The numbers of one variant: a fact a line, or where lines are few one after the other."""

    DEFAULT_CSS = "SweepFacts { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self._words: SelectedWords | None = None
        self._is_column = self._is_brief = False

    def show(self, words: SelectedWords | None) -> None:
        if words != self._words:
            width = self.content_size.width
            lines = len(self._lines(width))
            self._words = words
            self.refresh(layout=not width or len(self._lines(width)) != lines)

    def lay_out(self, *, column: bool, brief: bool) -> None:
        if (column, brief) != (self._is_column, self._is_brief):
            self._is_column, self._is_brief = column, brief
            self.refresh(layout=True)

    def render(self) -> Content:
        return Content("\n").join(self._lines(self.content_size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        if self._words is None or width < 1:
            return []
        facts = self._words.brief if self._is_brief else self._words.facts
        if not self._is_column:
            return fact_lines(self._words, facts, width)
        head = [_title(self._words).truncate(width, ellipsis=True)] if self._is_brief else _head(self._words, width)
        return [*head, *_column(self._words, facts, width)]


def _title(words: SelectedWords) -> Content:
    roles = f"  {words.roles}" if words.roles else ""
    return Content.assemble((words.title, "bold $primary"), (roles, "$muted"))


def _head(words: SelectedWords, width: int) -> list[Content]:
    roles = [Content.styled(line.plain, "$muted") for line in Content(words.roles).wrap(width)]
    title = [Content.styled(line.plain, "bold $primary") for line in Content(words.title).wrap(width)]
    return [*title, *roles, Content("")]


def _column(words: SelectedWords, facts: Sequence[Fact], width: int) -> list[Content]:
    """Each value wrapped beside its name."""
    names = max((cell_len(fact.name) for fact in facts), default=0) + 2
    lines = []
    for fact in facts:
        first, *rest = Content(fact.value).wrap(max(8, width - names)) or [Content("")]
        lines.append(Content.assemble((fact.name.ljust(names), "$muted"), _value(fact, first, words)))
        lines += [Content.assemble(" " * names, _value(fact, line, words)) for line in rest]
    return lines


def fact_lines(words: SelectedWords, facts: Sequence[Fact], width: int) -> list[Content]:
    """As many on a line as fit."""
    lines = [_title(words).truncate(width, ellipsis=True)]
    line = Content("")
    for fact in facts:
        name = "" if fact.name in _PLAIN else f"{fact.name} "
        piece = Content.assemble((name, "$muted"), _value(fact, Content(fact.value), words))
        longer = Content.assemble(line, "   ", piece) if line else piece
        if longer.cell_length > width and line:
            lines.append(line)
            longer = piece
        line = longer.truncate(width, ellipsis=True)
    return [*lines, line] if line else lines


def _value(fact: Fact, value: Content, words: SelectedWords) -> Content:
    if fact.name == "verdict" and words.level is not None:
        return value.stylize(VERDICT_STYLES[words.level])
    return value
