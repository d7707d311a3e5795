"""The parts of the sweep's form: a list of lines to tick, and the fields beneath. Values in, messages out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label

from quanttui.session import SweepChoices
from quanttui.tui.bindings import bindings_of
from quanttui.tui.state.sweep_form import LABELS
from quanttui.tui.sweeping_keys import SWEEP_TICK_COMMANDS
from quanttui.tui.widgets.choice_list import ChoiceList, ChoiceRow
from quanttui.tui.widgets.fields import Field


class TickList(ChoiceList):
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(SWEEP_TICK_COMMANDS)


class SweepFields(Vertical):
    """What is typed: files of one's own, where the sweep ends, what the answer has to keep."""

    def __init__(self, choices: SweepChoices, memory: str) -> None:
        super().__init__(id="sweep-fields")
        self._first = {name: getattr(choices, name, memory) for name in LABELS}

    def compose(self) -> ComposeResult:
        yield self._line(
            "Your own",
            Field("own_prompts", "prompts", self._first["own_prompts"], placeholder="none; text or JSONL"),
            Field("own_text", "text", self._first["own_text"], placeholder="none; a file or folder"),
        )
        yield self._line(
            "Stop after",
            Field("budget", "time", self._first["budget"], cells=9, placeholder="no limit"),
            Field("text_tokens", "text tokens", self._first["text_tokens"], cells=9, placeholder="all"),
        )
        yield self._line(
            "Answer with",
            Field("memory", "memory ≤", self._first["memory"], cells=9, placeholder="any"),
            Field("least_same_top", "same top ≥", self._first["least_same_top"], cells=5, placeholder="any"),
            Field("most_kl", "KL ≤", self._first["most_kl"], cells=5, placeholder="any"),
            Field("least_speed", "tok/s ≥", self._first["least_speed"], cells=5, placeholder="any"),
        )

    def _line(self, heading: str, *fields: Field) -> Horizontal:
        return Horizontal(Label(heading, markup=False, classes="sweep-line-name"), *fields, classes="sweep-line")

    @property
    def typed(self) -> dict[str, str]:
        return {str(field.name): field.value for field in self.query(Input)}

    def show_problems(self, problems: Collection[str]) -> None:
        for field in self.query(Input):
            field.set_class(field.name in problems, "-wrong")


def read_rows(counts: Mapping[str, int], left_out: Collection[str], text_size: str, has_text: bool) -> list[ChoiceRow]:
    """A line for each category of the suite, and one for the built-in text."""
    rows = [
        ChoiceRow("☐" if category in left_out else "☑", category, Content(f"{count} prompts"))
        for category, count in counts.items()
    ]
    return [*rows, ChoiceRow("☑" if has_text else "☐", "built-in text", Content(text_size))]
