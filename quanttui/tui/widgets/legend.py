"""What the strip's bars and marks mean, on one line, in words that need no statistics."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from quanttui.text import safe_line
from quanttui.tui.shading import Band
from quanttui.tui.widgets.inspector_text import BAND_STYLES

_MUTED = "$foreground-muted"
_BARS = (
    (Band.CALM, "_", "noise"),
    (Band.SLIGHT, "▁▂▃▄", "slight"),
    (Band.VISIBLE, "▅▆", "visible"),
    (Band.STRONG, "▇█", "strong"),
)
_MARKS = ("real flip", "tie flip (a toss-up)")


def legend_content(reference: str, candidate: str, width: int) -> Content:
    """As many words as ``width`` cells hold; the glyphs themselves always stand there."""
    question = f"How far {candidate}'s next-token guess is from {reference}'s: "
    tries = [(question, "  "), ("Guesses apart: ", "  "), ("Apart: ", " "), ("", " ")]
    contents = [_line(lead, gap) for lead, gap in tries]
    return next((line for line in contents if line.cell_length <= width), contents[-1].truncate(width))


def _line(lead: str, gap: str) -> Content:
    parts: list[tuple[str, str]] = [(lead, _MUTED)]
    for band, glyphs, word in _BARS:
        parts += [(glyphs, BAND_STYLES[band]), (f" {word}{gap}", _MUTED)]
    parts += [("▲", "bold $text-error"), (f" {_MARKS[0]}{gap}", _MUTED), ("△", _MUTED), (f" {_MARKS[1]}", _MUTED)]
    return Content.assemble(*parts)


class StripLegend(Widget):
    """The strip's legend for the two variants shown."""

    DEFAULT_CSS = """
    StripLegend {
        height: 1;
        background: transparent;
    }
    """

    _names = ("the reference", "the candidate")

    def show(self, reference: str, candidate: str) -> None:
        self._names = (safe_line(reference), safe_line(candidate))
        self.refresh()

    def render(self) -> Content:
        return legend_content(*self._names, self.size.width)
