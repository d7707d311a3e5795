"""The verdict of a sweep: which variant to run, why, and what that rests on. Shows words, scrolls, asks for nothing."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from quanttui.records.sweep_run import SweepSnapshot
from quanttui.tui.bindings import bindings_of
from quanttui.tui.state.sweep_verdict import Paragraph, VerdictWords, verdict_words
from quanttui.tui.widget_keys import TEXT_COMMANDS
from quanttui.tui.widgets.steady_text import SteadyText


class SweepVerdictPane(VerticalScroll, inherit_bindings=False):
    """``show(snapshot)`` paints it. Id: ``sweep-verdict``."""

    ALLOW_MAXIMIZE = True
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(TEXT_COMMANDS)
    DEFAULT_CSS = """
    SweepVerdictPane { height: 1fr; }
    SweepVerdictPane SteadyText { width: 100%; height: auto; }
    """

    def __init__(self) -> None:
        super().__init__(id="sweep-verdict", classes="pane")

    def compose(self) -> ComposeResult:
        yield SteadyText()

    def on_mount(self) -> None:
        self.border_title = "Verdict"

    def show(self, snapshot: SweepSnapshot) -> None:
        self.query_one(SteadyText).show(verdict_content(verdict_words(snapshot)))


def verdict_content(words: VerdictWords) -> Content:
    headline = Content.styled(words.headline, "bold $success" if words.is_answer else "bold $warning")
    lines = [headline]
    for paragraph in words.paragraphs:
        lines += [Content(""), *_paragraph(paragraph)]
    return Content("\n").join(lines)


def _paragraph(paragraph: Paragraph) -> list[Content]:
    sign = "· " if paragraph.is_list else ""
    return [Content.styled(paragraph.title, "$primary"), *(Content(sign + line) for line in paragraph.lines)]
