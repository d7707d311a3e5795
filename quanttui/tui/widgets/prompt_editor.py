"""The Prompt pane: what both models go on from. Shows control characters as glyphs and keeps them as they are."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import TextArea

from quanttui.tui.bindings import keyed_title
from quanttui.tui.visible import visible_text


class SafeTextArea(TextArea):
    """A text area in which nothing that was typed or pasted acts on the terminal, or is of a width it cannot know.

    One character for one, so that the cursor and what is selected stay where they are.
    """

    def get_line(self, line_index: int) -> Text:
        return Text(visible_text(self.document.get_line(line_index), reveal=True), end="", no_wrap=True)


class PromptEditor(Vertical):
    ALLOW_MAXIMIZE = True

    def __init__(self, text: str) -> None:
        super().__init__(id="prompt", classes="pane")
        self._initial = text
        self._own: str | None = None

    def compose(self) -> ComposeResult:
        yield SafeTextArea(
            self._initial,
            soft_wrap=True,
            compact=True,
            show_line_numbers=False,
            highlight_cursor_line=False,
            placeholder="Type what the model should continue.",
        )

    def on_mount(self) -> None:
        self.border_title = keyed_title(self.app, "prompt", "Prompt")
        self.query_one(TextArea).cursor_location = self.query_one(TextArea).document.end

    @property
    def text(self) -> str:
        return self.query_one(TextArea).text

    def show_next(self, examples: Sequence[str]) -> None:
        """Put the next of ``examples`` in; what the user wrote takes its turn among them, so that it is never lost."""
        if self.text.strip() and self.text not in examples:
            self._own = self.text
        turns = [*examples, *([self._own] if self._own is not None else [])]
        if not turns:
            return
        following = turns.index(self.text) + 1 if self.text in turns else 0
        area = self.query_one(TextArea)
        area.text = turns[following % len(turns)]
        area.cursor_location = area.document.end
