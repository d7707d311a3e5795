"""Opening a model by name, and the download that may come of it: in a dialog, or behind while one works on."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import on
from textual.screen import Screen

from quanttui.records import ModelEntry
from quanttui.records.download import DownloadFinished, DownloadPlan, DownloadProgress
from quanttui.tui import messages
from quanttui.tui.screens.open_model import OpenScreen
from quanttui.tui.state.download_view import progress_words, share
from quanttui.tui.state.model_listing import merged
from quanttui.tui.state.status import Tone
from quanttui.tui.widgets.model_list import ModelList

if TYPE_CHECKING:
    from quanttui.tui.screens.main import MainScreen


class OpeningActions(Screen[None]):
    """The part of ``MainScreen`` that opens models. One download goes on at a time."""

    fetching: tuple[DownloadPlan, DownloadProgress | None] | None = None

    @property
    def _opening(self) -> MainScreen:
        return cast("MainScreen", self)

    @property
    def _dialog(self) -> OpenScreen | None:
        return self.app.screen if isinstance(self.app.screen, OpenScreen) else None

    def action_open_model(self) -> None:
        if self._dialog is None:
            self.app.push_screen(OpenScreen(self._opening.services, self.fetching), self._opened)

    def _opened(self, entry: ModelEntry | None) -> None:
        me = self._opening
        if entry is not None:
            me.choose_model(entry)
        elif self.fetching is not None:
            me.say(f"{self.fetching[0].model_id} keeps coming · {me.keys['open']} shows how far it is")
        me.ask_fits()

    @on(messages.DownloadPlanned)
    def _planned(self, message: messages.DownloadPlanned) -> None:
        if self._dialog is not None:
            self._dialog.show_plan(message, self._opening.ask_fits_of(message.entry))

    @on(messages.PlanFailed)
    def _plan_failed(self, message: messages.PlanFailed) -> None:
        if self._dialog is not None:
            self._dialog.show_plan_failure(message)

    @on(messages.DownloadAdvanced)
    def _advanced(self, message: messages.DownloadAdvanced) -> None:
        event, me = message.event, self._opening
        if isinstance(event, DownloadFinished):
            self._finished(event.entry)
            return
        self.fetching = (message.plan, event)
        me.query_one(ModelList).show_coming(f"⇣ {int(100 * share(event))} %")
        if self._dialog is not None:
            self._dialog.tell_progress(*self.fetching)

    @on(messages.DownloadEnded)
    def _ended(self, message: messages.DownloadEnded) -> None:
        me, was = self._opening, self.fetching
        self.fetching = None
        me.query_one(ModelList).show_coming("")
        if was is None:  # it is whole
            return
        if self._dialog is not None:
            self._dialog.show_end(message.problem)
        elif message.problem is not None:
            me.say(" · ".join(message.problem.lines), Tone.BAD)
        else:
            me.warn(f"the download was stopped · {progress_words(was[1])}" if was[1] else "the download was stopped")

    def _finished(self, entry: ModelEntry) -> None:
        """From the dialog it is chosen; whoever works on meanwhile is told."""
        me, dialog = self._opening, self._dialog
        self.fetching = None
        me.entries = merged(me.entries, [entry])
        if dialog is not None:
            dialog.dismiss(entry)
            return
        me.select(me.selection)
        me.say(f"{entry.id} is here · {me.keys['filter']} finds it among the models", Tone.GOOD)
