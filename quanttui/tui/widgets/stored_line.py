"""One line above the cockpit while it shows a run of the history. Hidden else; takes words that are safe to show."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from quanttui.tui.visible import fit
from quanttui.tui.widgets.footer_lines import more_words

_SIGN = "▤ "


class StoredLine(Static):
    DEFAULT_CSS = """
    StoredLine { height: 1; padding: 0 1; display: none; background: $panel; color: $accent; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False, id="stored-line")
        self._words = ""
        self._more: Sequence[str] = ()

    def show(self, words: str, more: Sequence[str]) -> None:
        self._words, self._more = words, more
        self.display = True
        self._paint()

    def hush(self) -> None:
        self.display = False

    def on_resize(self) -> None:
        self._paint()

    def _paint(self) -> None:
        width = self.content_size.width
        words = fit(f"{_SIGN}{self._words}", width).rstrip()
        more = Content.styled(more_words(self._more, width - len(words)), "$muted not bold")
        self.update(Content.assemble(words, more), layout=False)
