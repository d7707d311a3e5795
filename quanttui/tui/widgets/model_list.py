"""The Model pane: what can be run. Knows entries of the catalogue, not where they come from."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from quanttui.records import ModelEntry
from quanttui.text import safe_line
from quanttui.tui.bindings import key_names, keyed_title
from quanttui.tui.messages import ModelRequested
from quanttui.tui.widgets.choice_list import ChoiceList, Row
from quanttui.units import format_bytes


class ModelList(Vertical):
    ALLOW_MAXIMIZE = True

    def __init__(self) -> None:
        super().__init__(id="model", classes="pane")
        self.entries: Sequence[ModelEntry] = ()
        self._unlisted = "reading the catalogue …"

    def compose(self) -> ComposeResult:
        yield ChoiceList("models")
        yield Static(self._unlisted, markup=False, classes="detail")

    def on_mount(self) -> None:
        self.border_title = keyed_title(self.app, "model", "Model")

    def show(self, entries: Sequence[ModelEntry], chosen: ModelEntry | None) -> None:
        """``chosen`` has the mark; the line beneath tells more of the highlighted one."""
        self.entries = entries
        choices = self.query_one(ChoiceList)
        choices.show_rows([_row(entry, entry == chosen) for entry in entries])
        if chosen is not None and chosen in entries and choices.highlighted in (None, 0):
            choices.highlighted = list(entries).index(chosen)
        self._tell_highlighted()

    def fail(self, why: str) -> None:
        """The catalogue could not be read; ``why`` is raw text."""
        self._unlisted = f"✗ {why} · {key_names(self.app)['open']} opens a folder or a hub id"
        self._tell_highlighted()

    def _say(self, text: str) -> None:
        self.query_one(".detail", Static).update(Content(safe_line(text)))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._tell_highlighted()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(ModelRequested(self.entries[event.option_index]))

    def _tell_highlighted(self) -> None:
        at = self.query_one(ChoiceList).highlighted
        if at is not None and at < len(self.entries):
            self._say(detail(self.entries[at]))
        else:
            self._say(self._unlisted)


def detail(entry: ModelEntry) -> str:
    """One line: why it cannot be run, or what it is."""
    if entry.problem:
        return f"✗ {entry.problem}"
    known = [
        _parameters(entry.parameter_count),
        str(entry.dtype) if entry.dtype else "",
        f"context {entry.context_length}" if entry.context_length else "",
        f"already {entry.prequantized}" if entry.prequantized else "",
    ]
    return " · ".join(part for part in known if part) or str(entry.source)


def _parameters(count: int | None) -> str:
    if count is None:
        return ""
    return f"{count / 1e9:.1f} B parameters" if count >= 10**9 else f"{count / 1e6:.1f} M parameters"


def _row(entry: ModelEntry, chosen: bool) -> Row:
    sign = "✗" if entry.problem else "●" if chosen else " "
    size = format_bytes(entry.size_bytes) if entry.size_bytes is not None else ""
    return sign, safe_line(entry.id), size, "bold" if chosen else "dim" if entry.problem else ""
