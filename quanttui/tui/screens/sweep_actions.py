"""What the keys of a sweep's screen do: its panes, stopping it, going on with it, exporting it; and how it is followed
while another process works on it. Paints nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.binding import BindingType

from quanttui.pipeline.sweep.tally import Tally
from quanttui.records import MemoryReading
from quanttui.records.history import StoredSweep
from quanttui.tui.bindings import bindings_of
from quanttui.tui.key_table import KeyNames
from quanttui.tui.screens.arranging import pane_around
from quanttui.tui.screens.export import ExportScreen, ExportSource
from quanttui.tui.screens.sweep_shower import SweepShower
from quanttui.tui.services import Services
from quanttui.tui.state.status import Tone
from quanttui.tui.state.sweep_view import left_words, stored_sweep_view
from quanttui.tui.sweeping_keys import SWEEP_COMMANDS
from quanttui.tui.sweeping_messages import SweepLooked, SweepRefused, SweepToResume
from quanttui.tui.widgets.sweep_tabs import PAGES, SweepTabs
from quanttui.tui.workers.history import HistoryDesk
from quanttui.tui.workers.sweep_looks import looked_again, sweep_to_resume

if TYPE_CHECKING:
    from quanttui.tui.app import QuantTuiApp
    from quanttui.tui.screens.sweep import SweepScreen


class SweepActions(SweepShower):
    """The actions of ``SweepScreen``; ``_me`` is that screen, to the type checker."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(SWEEP_COMMANDS)

    services: Services
    stored: StoredSweep | None
    _desk: HistoryDesk | None = None
    _tally: Tally | None = None
    _is_looking = False

    @property
    def _me(self) -> SweepScreen:
        return cast("SweepScreen", self)

    @property
    def owner(self) -> QuantTuiApp:
        return cast("QuantTuiApp", self.app)

    @property
    def keys(self) -> KeyNames:
        return self.owner.key_names

    @property
    def reading(self) -> MemoryReading | None:
        return self.owner.main.reading

    @property
    def device(self) -> str:
        """That of this machine's engine, wherever the sweep was made."""
        engine = self.owner.main.selection.engine
        return engine.device if engine is not None else "cpu"

    @property
    def is_here(self) -> bool:
        """This process works on it, or did last."""
        sweep = self.owner.main.sweep
        return sweep is not None and self.shows(sweep)

    def action_back(self) -> None:
        """One step back: out of a maximised pane, the sweep, the screen."""
        if self.maximized is not None:
            self.minimize()
        elif self.is_here and self.owner.main.is_sweeping and not self.view.is_stopping:
            self.owner.main.stop_sweep()
        else:
            self.action_close()

    def action_close(self) -> None:
        if self.is_current:  # not when closed by the key before
            self.dismiss(None)

    def action_zoom(self) -> None:
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            self.maximize(pane_around(self.focused), container=False)

    @on(SweepTabs.PageRequested)
    def page_requested(self, message: SweepTabs.PageRequested) -> None:
        self.action_pane(message.page)

    def action_pane(self, page: str) -> None:
        if self.maximized is not None:
            self.minimize()
        self._me.show_page(page)
        pane = self._me.pane_of(page)
        if pane.focusable or pane.can_focus:
            self.call_after_refresh(pane.focus)

    def action_export(self) -> None:
        """What is measured so far, too."""
        snapshot, main = self.view.snapshot, self.owner.main
        if snapshot is None:
            self.say("nothing is measured yet that could be exported")
            return
        answer = snapshot.result.verdict.recommended
        offered = answer.spelling if answer is not None and answer != snapshot.result.reference else ""
        title = f"{snapshot.request.model.id} · sweep {self.view.run_id}"
        source = ExportSource(title, list, main.export_privacy, offered, read_sweeps=lambda: [snapshot])
        self.app.push_screen(ExportScreen(source, main.export_choices()))

    def action_pane_by(self, by: int) -> None:
        """The next pane; on a small terminal the next page."""
        pages = list(PAGES)[: None if self.has_class("-narrow") else -1]
        at = pages.index(self._me.page) if self._me.page in pages else 0
        self.action_pane(pages[(at + by) % len(pages)])

    def action_resume(self) -> None:
        """Go on where it ended, under the same id; what was measured is not measured again."""
        main, access = self.owner.main, self.services.history
        if self.view.is_done:
            self.say("this sweep is done: nothing is left of it")
        elif not self.view.is_over:
            self.say("it goes on already")
        elif main.busy_words:
            self.say(main.busy_words, Tone.WARNING)
        elif access is None or self.view.unkept or (self.view.line is None and access.off):
            self.say("this sweep was not kept, so that it can only be started anew", Tone.WARNING)
        else:
            self.say(f"going on · {left_words(self.view.snapshot) or 'looking for what is left'}")
            self._history.ask(partial(sweep_to_resume, run_id=self.view.run_id), SweepRefused)

    @on(SweepToResume)
    def to_resume(self, message: SweepToResume) -> None:
        self.owner.main.resume_sweep(message)

    @on(SweepRefused)
    def refused(self, message: SweepRefused) -> None:
        self._is_looking = False
        self.say(" · ".join(message.problem.lines), Tone.WARNING)

    def look_for_news(self) -> None:
        """Of a sweep that another process works on; one look at a time, off this thread."""
        known = self.stored
        if known is None or self._is_looking or not self.view.is_elsewhere or self.services.history is None:
            return
        self._is_looking = True
        if self._tally is None:
            self._tally = Tally()
        self._history.ask(partial(looked_again, tally=self._tally, known=known), SweepRefused)

    @on(SweepLooked)
    def looked(self, message: SweepLooked) -> None:
        self._is_looking = False
        if message.stored is not None and message.snapshot is not None and self.view.line is not None:
            self.stored = message.stored
            self.show(stored_sweep_view(message.stored, message.snapshot, self._now_seconds()))

    def _now_seconds(self) -> float:
        access = self.services.history
        return access.now().timestamp() if access is not None else 0.0

    @property
    def _history(self) -> HistoryDesk:
        assert self.services.history is not None
        if self._desk is None:
            self._desk = HistoryDesk(self.services.history, self.post_message)
        return self._desk
