"""Two runs side by side: what was asked differently, where they ran, and which figures differ by more than their error.
Lays out what ``runs.comparing`` found; judges nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from quanttui.records.history import RunLine, StoredRun, StoredSweep
from quanttui.runs.comparing import Difference, FigurePair, Outcome, RunComparison
from quanttui.text import safe_line
from quanttui.tui.state.run_lines import state_words, when_words
from quanttui.tui.visible import visible_run
from quanttui.units import format_figure

_SIGNS = {
    Outcome.EQUAL: "=",
    Outcome.INSIDE_ERROR: "≈",
    Outcome.LOWER: "▼",
    Outcome.HIGHER: "▲",
    Outcome.ERROR_UNKNOWN: "?",
    Outcome.MISSING: "–",
}
_REAL = (Outcome.LOWER, Outcome.HIGHER)
_MOST_CHARACTERS = 400
_INDENT, _GAP = 2, 2
_BLANK = Content("")
_NAME_CELLS, _OUTCOME_CELLS = 20, 18
Cells = Sequence[tuple[str, str]]
"""A row: each cell's text, safe to show, and its style."""


class RunComparisonView(Widget):
    DEFAULT_CSS = "RunComparisonView { height: auto; }"

    def __init__(
        self, comparison: RunComparison, first: StoredRun | StoredSweep, second: StoredRun | StoredSweep
    ) -> None:
        super().__init__()
        self._comparison, self._lines = comparison, (first.line, second.line)

    def render(self) -> Content:
        return comparison_content(self._comparison, *self._lines, self.content_size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return comparison_content(self._comparison, *self._lines, width).plain.count("\n") + 1


def comparison_words(comparison: RunComparison) -> str:
    """``3 of 14 figures differ by more than their error``."""
    known = [pair for pair in comparison.figures if pair.outcome is not Outcome.MISSING]
    real = sum(pair.outcome in _REAL for pair in known)
    return f"{real} of {len(known)} figures differ by more than their error"


def comparison_content(comparison: RunComparison, first: RunLine, second: RunLine, width: int) -> Content:
    lines = [*_titles(first, second, width), _BLANK]
    for caution in comparison.cautions:
        lines += [*(Content.styled(line, "$warning") for line in _wrapped(f"! {safe_line(caution)}", width)), _BLANK]
    if comparison.answers:
        lines += [*_differences("What they answer", comparison.answers, width), _BLANK]
    lines += [*_differences("What was asked", comparison.settings, width), _BLANK]
    lines += [*_differences("Where it ran", comparison.environment, width), _BLANK]
    return Content("\n").join([*lines, *_figures(comparison.figures, width)])


def _titles(first: RunLine, second: RunLine, width: int) -> Iterator[Content]:
    for letter, line in (("A", first), ("B", second)):
        candidates = " ".join(map(visible_run, line.candidates))
        words = (
            f"{when_words(line.started_seconds)} · {visible_run(line.model_id)} · {visible_run(line.reference)} → "
            f"{candidates} · {state_words(line.state)} · run {safe_line(line.run_id)}"
        )
        first_line, *rest = _wrapped(words, max(1, width - 3))
        yield Content.assemble((f"{letter}  ", "bold $accent"), first_line)
        yield from (Content(f"   {more}") for more in rest)


def _differences(title: str, found: Sequence[Difference], width: int) -> Iterator[Content]:
    if not found:
        yield Content.assemble((title, "bold $primary"), ("  the same in both", "$muted"))
        return
    yield Content.assemble((title, "bold $primary"), ("  what differs", "$muted"))
    value = max(8, (width - _INDENT - _NAME_CELLS - 2 * _GAP) // 2)
    widths = (_NAME_CELLS, value, value)
    yield from _row((("", ""), ("A", "bold $accent"), ("B", "bold $accent")), widths)
    for difference in found:
        values = [_value(text) for text in (difference.first, difference.second)]
        yield from _row(((safe_line(difference.name), "$muted"), *values), widths)


def _value(text: str | None) -> tuple[str, str]:
    if text is None:
        return "not there", "$muted"
    return visible_run(text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"), ""


def _figures(pairs: Sequence[FigurePair], width: int) -> Iterator[Content]:
    yield Content.assemble(("Figures", "bold $primary"), ("  ± one standard error", "$muted"))
    value = max(8, min(24, (width - _INDENT - _NAME_CELLS - _OUTCOME_CELLS - 3 * _GAP) // 2))
    widths = (_NAME_CELLS, value, value, _OUTCOME_CELLS)
    head = (("", ""), ("A", "bold $accent"), ("B", "bold $accent"), ("B is", "$muted"))
    yield from _row(head, widths)
    shown = None
    for pair in pairs:
        if pair.variant != shown:
            shown = pair.variant
            yield Content.styled(" " * _INDENT + visible_run(shown), "bold")
        first = format_figure(pair.first, pair.first_standard_error, pair.unit)
        second = format_figure(pair.second, pair.second_standard_error, pair.unit)
        style = "bold" if pair.outcome in _REAL else "$muted"
        outcome = f"{_SIGNS[pair.outcome]} {pair.outcome.value}"
        yield from _row(((pair.name, "$muted"), (first, ""), (second, ""), (outcome, style)), widths)


def _row(cells: Cells, widths: Sequence[int]) -> Iterator[Content]:
    """Each cell wrapped within its column."""
    columns = [_wrapped(text, width) for (text, _), width in zip(cells, widths, strict=True)]
    for parts in zip_longest(*columns, fillvalue=""):
        line = Content(" " * _INDENT)
        for part, (_, style), width in zip(parts, cells, widths, strict=True):
            cell = Content.styled(part, style)
            line += cell.pad_right(max(0, width - cell.cell_length) + _GAP)
        yield line.rstrip()


def _wrapped(text: str, width: int) -> list[str]:
    return [line.plain.rstrip() for line in Content(text).wrap(max(1, width))] or [""]
