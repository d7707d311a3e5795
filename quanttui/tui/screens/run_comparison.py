"""Two stored runs side by side, on a screen of their own. Shows a comparison; makes none."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen

from quanttui.records.history import StoredRun, StoredSweep
from quanttui.runs.comparing import RunComparison
from quanttui.tui.bindings import bindings_of, key_names
from quanttui.tui.history_keys import RUN_COMPARISON_COMMANDS
from quanttui.tui.state.status import Status
from quanttui.tui.widget_keys import TEXT_COMMANDS
from quanttui.tui.widgets.footer_lines import FooterLines
from quanttui.tui.widgets.run_comparison import RunComparisonView, comparison_words


class RunComparisonScreen(Screen[None]):
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(RUN_COMPARISON_COMMANDS)

    def __init__(
        self, comparison: RunComparison, first: StoredRun | StoredSweep, second: StoredRun | StoredSweep
    ) -> None:
        super().__init__()
        self._comparison, self._runs = comparison, (first, second)

    def compose(self) -> ComposeResult:
        with ReadingPane(id="run-comparison", classes="pane") as pane:
            pane.border_title = Content("Two runs: A, and B against it")
            yield RunComparisonView(self._comparison, *self._runs)
        yield FooterLines()

    def on_mount(self) -> None:
        keys, footer = key_names(self.app), self.query_one(FooterLines)
        footer.show_status(Status(comparison_words(self._comparison)))
        scrolls = f"{keys['text_down']} {keys['text_up']}"
        footer.show_keys([(scrolls, "scroll"), (keys.all("run_comparison_close"), "back"), (keys["quit"], "quit")])

    def action_close(self) -> None:
        self.dismiss(None)


class ReadingPane(VerticalScroll, inherit_bindings=False):
    """Scrolls by the keys of texts."""

    can_focus = True
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(TEXT_COMMANDS)
