"""The progress of a sweep: a bar, its figures, what goes on now, and each variant. Shows words only."""

from __future__ import annotations

from dataclasses import replace

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from quanttui.records.sweep_run import SweepSnapshot
from quanttui.tui import measures
from quanttui.tui.state.sweep_progress import ProgressWords, VariantStep, progress_words

_GAP = "  "
_BAR_CELLS = 20
_LONGEST_BAR = 40
_STYLES = {"✓": "$success", "✗": "$error", "◑": "$primary", "·": "$muted"}


class SweepProgressLines(Widget):
    """``show(snapshot)`` paints it; as high as its words need. Id: ``sweep-progress``."""

    DEFAULT_CSS = "SweepProgressLines { height: auto; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__(id="sweep-progress")
        self._words: ProgressWords | None = None

    def show(self, snapshot: SweepSnapshot) -> None:
        words = progress_words(snapshot)
        if words != self._words:
            before, width = self._words, max(1, self.content_size.width)
            self._words = words
            grown = before is None or len(_lines(before, width)) != len(_lines(words, width))
            self.refresh(layout=grown)

    def render(self) -> Content:
        """With room to spare, a line a variant."""
        if self._words is None:
            return Content("")
        width, height = self.content_size
        lines = _lines(self._words, width)
        roomy = _roomy_lines(self._words, width)
        return Content("\n").join(roomy if height > len(lines) and height >= len(roomy) else lines)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(_lines(self._words, width)) if self._words else 1


def _lines(words: ProgressWords, width: int) -> list[Content]:
    lines = [_bar_line(words, width)]
    if not words.is_over or not words.now.startswith("✓"):
        style = "$error" if words.now.startswith("✗") else "bold"
        lines.append(Content.styled(words.now, style).truncate(width, ellipsis=True))
    return [*lines, *_steps(words.steps, width)]


def _roomy_lines(words: ProgressWords, width: int) -> list[Content]:
    """Everything there is to tell, one thing a line."""
    names = max((cell_len(step.name) for step in words.steps), default=0)
    units = max((cell_len(step.units) for step in words.steps), default=0)
    bar = max(8, min(_LONGEST_BAR, width - names - units - 14))
    lines = [_bar_line(replace(words, figures=()), width)]
    lines += [] if words.is_over and words.now.startswith("✓") else [Content(words.now)]
    lines += [Content(""), *(Content(figure) for figure in words.figures), Content("")]
    for step in words.steps:
        filled, rest = measures.bar(step.share, bar)
        name = f"{step.name}{' ' * (names - cell_len(step.name))}"
        style = _STYLES[step.sign]
        line = Content.assemble((f"{step.sign} ", style), f"{name}  ", (filled, style), (rest, "$faint"))
        lines.append(Content.assemble(line, f"  {step.units.rjust(units)}  ", (step.words, "$muted")))
    return [line.truncate(width, ellipsis=True) for line in lines]


def _bar_line(words: ProgressWords, width: int) -> Content:
    """The bar, its share, and as many figures as fit."""
    done = words.is_over and words.now.startswith("✓")
    filled, rest = measures.bar(words.share, _BAR_CELLS)
    share = "" if words.share is None else f"{int(100 * words.share):3d} %"
    line = Content.assemble((filled, "$success" if done else "$primary"), (rest, "$faint"), f" {share}")
    if done:
        line = Content.styled(words.now, "bold $success")
    for figure in words.figures:
        if line.cell_length + cell_len(figure) + 3 > width:
            break
        line = Content.assemble(line, (" · ", "$muted"), figure)
    return line.truncate(width)


def _steps(steps: tuple[VariantStep, ...], width: int) -> list[Content]:
    """One after the other, as many on a line as fit."""
    lines, line = [], Content("")
    for step in steps:
        words = f"{step.name} {step.words}".rstrip()
        piece = Content.assemble((f"{step.sign} ", _STYLES[step.sign]), (words, "" if step.sign == "◑" else "$muted"))
        piece = piece.truncate(width, ellipsis=True)
        if line and line.cell_length + len(_GAP) + piece.cell_length > width:
            lines.append(line)
            line = Content("")
        line = Content.assemble(line, _GAP, piece) if line else piece
    return [*lines, line] if line else lines
