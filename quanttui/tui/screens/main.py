"""The cockpit: its panes, and what it holds. Its keys stand in ``actions``, what it is told in ``hearing``, what it
paints in ``showing``; the other rooms beside them are one family of keys and messages each."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.screen import Screen

from quanttui.records import MemoryReading, ModelEntry
from quanttui.tui.screens.actions import ScreenActions
from quanttui.tui.screens.arranging import ArrangementActions, arrangement
from quanttui.tui.screens.comparing import ComparingActions
from quanttui.tui.screens.fitting import FittingActions
from quanttui.tui.screens.hearing import HearingActions
from quanttui.tui.screens.keeping import KeepingActions
from quanttui.tui.screens.microscope import MicroscopeActions
from quanttui.tui.screens.opening import OpeningActions
from quanttui.tui.screens.showing import ShowingActions
from quanttui.tui.screens.sweeping import SweepingActions
from quanttui.tui.services import Services
from quanttui.tui.state.pages import Pane
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.selection import Selection
from quanttui.tui.state.status import Status
from quanttui.tui.state.waiting import Waiting
from quanttui.tui.widgets.candidate_bar import CandidateBar
from quanttui.tui.widgets.divergence import DivergencePane
from quanttui.tui.widgets.footer_lines import FooterLines
from quanttui.tui.widgets.header_line import HeaderLine
from quanttui.tui.widgets.memory_pane import MemoryPane
from quanttui.tui.widgets.model_list import ModelList
from quanttui.tui.widgets.output_pane import OutputPane
from quanttui.tui.widgets.page_tabs import PageTabs
from quanttui.tui.widgets.prompt_editor import PromptEditor
from quanttui.tui.widgets.results_table import ResultsTable
from quanttui.tui.widgets.settings_row import SettingsRow
from quanttui.tui.widgets.stored_line import StoredLine
from quanttui.tui.widgets.variant_list import VariantList


class MainScreen(
    FittingActions,
    OpeningActions,
    KeepingActions,
    MicroscopeActions,
    ComparingActions,
    SweepingActions,
    ArrangementActions,
    HearingActions,
    ShowingActions,
    ScreenActions,
    Screen[None],
):
    """Holds what is chosen (``selection``) and the latest run (``run_view``); paints what changed at a steady beat."""

    CSS_PATH: ClassVar = ["../app.tcss", "../history.tcss", "../sweep.tcss"]
    AUTO_FOCUS = "#variant-choices"
    ALLOW_IN_MAXIMIZED_VIEW = ".-textual-system,#header,#footer"

    def __init__(self, services: Services, size: Size) -> None:
        self._arranged = arrangement(size, self.page)
        super().__init__(classes=" ".join(self._arranged))
        choices = services.choices
        self.services = services
        selection = Selection(chosen_reference=choices.reference)
        for variant in (*choices.candidates, *((choices.reference,) if choices.reference else ())):
            selection = selection.with_offer(variant)
        self.selection = replace(selection, ticked=frozenset(choices.candidates) - {choices.reference})
        self.entries: tuple[ModelEntry, ...] = ()
        self.is_listed = False
        self.reading: MemoryReading | None = None
        self.run_view: RunView | None = None
        self.idle_status: Status | None = None
        self.sweep_choices = choices.sweep
        self.waiting = Waiting(services.clock(), choices.warm_up_seconds)

    def compose(self) -> ComposeResult:
        choices = self.services.choices
        yield HeaderLine()
        yield StoredLine()
        yield PageTabs()
        with Horizontal(id="body"):
            with Vertical(id="side"):
                yield ModelList()
                yield VariantList()
                yield MemoryPane()
            with Vertical(id="work"):
                with Vertical(id="asked"):
                    yield PromptEditor(choices.prompt)
                    yield SettingsRow(choices.settings)
                yield CandidateBar()
                with Horizontal(id="outputs"):
                    yield OutputPane(self.keys["reference_output"], "Reference", "reference")
                    yield OutputPane(self.keys["candidate_output"], "Candidate", "candidate")
                    yield OutputPane(self.keys["candidate_output"], "Candidate", "other")
                yield DivergencePane(Pane.DIVERGENCE, self.keys["divergence"])
        yield ResultsTable()
        yield FooterLines()

    def on_mount(self) -> None:
        self.query_one(PageTabs).show(self.page)
        self.set_interval(1.0, self.tick_on)
        self.paint()
        if first := self.selection.candidates:
            self.query_one(VariantList).highlight(first[0])

    @property
    def is_busy(self) -> bool:
        return self.run_view is not None and not self.run_view.is_over

    def on_resize(self, event: events.Resize) -> None:
        self.lay_out_anew(event.size)
        self.repaint_soon()
