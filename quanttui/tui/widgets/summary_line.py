"""The summary: the figures of one text, each over its plain words, and the verdict. Shows a DivergenceSummary."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from quanttui.records import DivergenceSummary, VerdictLevel
from quanttui.text import safe_line
from quanttui.tui.state.results import VERDICT_SIGNS, mean_kl, same_top
from quanttui.tui.visible import fit
from quanttui.units import format_multiple, format_nats

NOTHING_YET = "How far apart the two models are is measured after both have answered."

VERDICT_STYLES = {
    VerdictLevel.INDISTINGUISHABLE: "$success",
    VerdictLevel.SMALL: "$success",
    VerdictLevel.CLEAR: "$warning",
    VerdictLevel.BROKEN: "$error",
}
"""A colour for each level; its sign and its word stand beside it."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure over what it means. ``short`` is said where ``words`` has no room."""

    value: str
    words: str
    short: str


def tiles(summary: DivergenceSummary) -> list[Tile]:
    """The figures, most important first."""
    return [
        Tile(mean_kl(summary), "mean KL, nats a token", "mean KL"),
        Tile(format_multiple(summary.noise_multiple), "the noise floor", "noise floor"),
        Tile(same_top(summary), "same first choice", "same top"),
        Tile(format_nats(summary.kl_divergence.p99), "p99: the worst 1 %", "p99"),
        Tile(f"▲ {summary.real_flips}  △ {summary.tie_flips}", "real and tie flips", "flips"),
    ]


def summary_content(summary: DivergenceSummary, width: int, height: int = 4) -> Content:
    """The verdict (two lines if it needs them and ``height`` has them), the figures, and below each what it is; where
    one line is left for them, the figures' names stand beside them."""
    verdict = _verdict(summary, width, height - 1)
    is_tight = height - len(verdict) < 2
    figures = [_one_line(tiles(summary), width)] if is_tight else _tile_lines(tiles(summary), width)
    return Content("\n").join([*verdict, *figures][:height])


def _verdict(summary: DivergenceSummary, width: int, limit: int) -> list[Content]:
    level = summary.verdict.level
    sign, style = VERDICT_SIGNS[level], VERDICT_STYLES[level]
    text = safe_line(summary.verdict.text)
    name, colon, rest = text.partition(": ")
    if not colon or not name.casefold().startswith(level.value):
        name, rest = level.value, text
    badge = (f" {sign} {name.upper()} ", f"bold reverse {style}")
    sentence = Content.assemble(badge, (" " + rest, "bold"))
    if sentence.cell_length <= width or limit < 2:
        return [_whole_clauses(badge, rest, width)]
    first, *others = sentence.wrap(max(1, width))
    return [first, Content(" ").join(others).truncate(width, ellipsis=True)]


def _whole_clauses(badge: tuple[str, str], text: str, width: int) -> Content:
    """``text`` without its last clauses where they have no room: the figures beneath say them too."""
    while Content.assemble(badge, (" " + text, "bold")).cell_length > width and ", " in text:
        text = text.rpartition(", ")[0]
    return Content.assemble(badge, (" " + text, "bold")).truncate(width, ellipsis=True)


def _tile_lines(shown: list[Tile], width: int) -> list[Content]:
    """Values over words, in columns; the words in full, the most important first, as far as the width goes."""
    words = [tile.short for tile in shown]
    for place, tile in enumerate(shown):
        longer = [*words[:place], tile.words, *words[place + 1 :]]
        words = longer if sum(_columns(shown, longer)) <= width else words
    columns = _columns(shown, words)
    spread = max(0, min(4, (width - sum(columns)) // len(columns)))
    lines = [[tile.value for tile in shown], words]
    values, below = (
        "".join(fit(text, column + spread) for text, column in zip(line, columns, strict=True)) for line in lines
    )
    return [
        Content.styled(values, "bold").truncate(width),
        Content.styled(below, "$foreground-muted").truncate(width),
    ]


def _columns(shown: list[Tile], words: list[str]) -> list[int]:
    return [max(cell_len(tile.value), cell_len(text)) + 2 for tile, text in zip(shown, words, strict=True)]


def _one_line(shown: list[Tile], width: int) -> Content:
    """``mean KL 0.041 ±0.008 · …``: as many figures as fit."""
    line = Content("")
    for tile in shown:
        gap = "   " if line else ""
        longer = Content.assemble(line, gap, (tile.short + " ", "$foreground-muted"), (tile.value, "bold"))
        line = longer if longer.cell_length <= width else line
    return line


class SummaryLine(Widget):
    """The verdict in one sentence and, below it, the figures it rests on, each with its meaning."""

    DEFAULT_CSS = """
    SummaryLine {
        height: auto;
        max-height: 4;
        background: transparent;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._summary: DivergenceSummary | None = None
        self._note = NOTHING_YET

    def show(self, summary: DivergenceSummary | None, note: str = NOTHING_YET) -> None:
        """Show another text's summary, or ``note`` where there is none."""
        self._summary, self._note = summary, note
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(summary_content(self._summary, width).split("\n")) if self._summary else 1

    def render(self) -> Content:
        if self._summary is None:
            return Content.styled(self._note, "$foreground-muted").truncate(self.size.width, ellipsis=True)
        return summary_content(self._summary, self.size.width, self.size.height)
