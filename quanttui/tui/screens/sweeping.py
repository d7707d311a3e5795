"""The sweep in the cockpit: its form, its start, what its thread tells, and the way to its screen, also while it goes
on behind. One sweep at a time, and never beside a run: they share the engine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from textual import on
from textual.screen import Screen

from quanttui.errors import QuantTuiError
from quanttui.records import (
    FitVerdict,
    MemoryReading,
    ModelEntry,
    Precision,
    Sweep,
    SweepRequest,
    SweepSnapshot,
    Variant,
)
from quanttui.records.events import ModelLoaded
from quanttui.session import SweepChoices
from quanttui.text import safe_line
from quanttui.tui.messages import problem_of
from quanttui.tui.screens.history import HistoryScreen
from quanttui.tui.screens.sweep_setup import SweepOffer, SweepSetupScreen, SweepWish
from quanttui.tui.screens.sweep_shower import SweepShower
from quanttui.tui.state.status import Tone
from quanttui.tui.state.sweep_view import SweepView
from quanttui.tui.sweeping_messages import SweepAdvanced, SweepFound, SweepRefused, SweepToResume, SweepUnkept
from quanttui.tui.workers.threads import start_thread

if TYPE_CHECKING:
    from quanttui.tui.screens.main import MainScreen


_DOUBLE_QUANT = Variant(Precision.NF4, double_quant=True)


class SweepingActions(Screen[None]):
    """The part of ``MainScreen`` that holds the sweep of this session: the one that goes on, or the last one."""

    sweep: SweepView | None = None
    sweep_choices = SweepChoices()
    _cell_seconds: tuple[str, float] | None = None

    @property
    def _sweeper(self) -> MainScreen:
        return cast("MainScreen", self)

    @property
    def is_sweeping(self) -> bool:
        return self.sweep is not None and not self.sweep.is_over

    @property
    def busy_words(self) -> str:
        """What has the engine, and how to stop it; "" where nothing has."""
        me = self._sweeper
        if me.is_busy:
            return f"a run is going on · {me.keys['back']} stops it"
        if self.is_sweeping:
            return f"a sweep is going on · {me.keys['sweep']} shows it, {me.keys['sweep_back']} there stops it"
        return ""

    def action_sweep(self) -> None:
        """The sweep that goes on, or the form of a new one."""
        me, keys = self._sweeper, self._sweeper.keys
        if self.is_sweeping:
            self.show_sweep()
        elif me.busy_words:
            me.warn(me.busy_words)
        elif me.selection.model is None:
            me.warn(f"no model is chosen · {keys['model']} goes to the models, {keys['open']} opens a folder")
        else:
            self.app.push_screen(SweepSetupScreen(self._sweep_offer(), self._remember_choices), self._begin)
            me.ask_fits()

    def action_plot(self) -> None:
        """The plot of this session's sweep, while it goes on or as it ended."""
        me = self._sweeper
        if self.sweep is None:
            me.warn(f"no sweep yet · {me.keys['sweep']} starts one, {me.keys['history']} shows earlier ones")
        else:
            self.show_sweep()

    def show_sweep(self) -> None:
        """On the screen that shows it already, or on a new one."""
        from quanttui.tui.screens.sweep import SweepScreen  # numpy and the plot behind it

        top = self.app.screen
        if self.sweep is not None and not (isinstance(top, SweepShower) and top.shows(self.sweep)):
            self._sweeper.forget_warning()
            self.app.push_screen(SweepScreen(self.sweep, self._sweeper.services))

    def begin_sweep(
        self, request: SweepRequest, resumed: Sweep | None = None, told: SweepSnapshot | None = None
    ) -> None:
        """``told``: what is known of a sweep that is taken up."""
        me = self._sweeper
        self.sweep = SweepView(request, told, told_at=me.services.clock())
        me.forget_warning()
        me.paint_header()
        me.owner.start_sweep(request, resumed)

    def sweep_again(self, request: SweepRequest) -> None:
        """A stored request as a new sweep."""
        self._find_and_begin(replace(request, run_id=self._sweeper.services.new_run_id()))

    def resume_sweep(self, message: SweepToResume) -> None:
        """Under the id that it has; what it measured is not measured again."""
        self._find_and_begin(message.sweep.request, message.sweep, message.snapshot)

    def _find_and_begin(
        self, request: SweepRequest, resumed: Sweep | None = None, told: SweepSnapshot | None = None
    ) -> None:
        """Find the model as it lies here today, off the UI thread, and start."""
        me = self._sweeper
        find = me.services.history.find_again if me.services.history is not None else lambda entry: entry

        def work() -> None:
            try:
                found = replace(request, model=find(request.model))
                self.post_message(SweepFound(found, resumed and replace(resumed, request=found), told))
            except QuantTuiError as error:
                self.post_message(SweepRefused(problem_of(error)))

        start_thread(work, "again")

    @on(SweepFound)
    def _sweep_found(self, message: SweepFound) -> None:
        if words := self._sweeper.busy_words:
            self.say_anywhere(words)
            return
        self.begin_sweep(message.request, message.resumed, message.snapshot)
        self.show_sweep()

    @on(SweepRefused)
    def _sweep_refused(self, message: SweepRefused) -> None:
        self.say_anywhere(" · ".join(message.problem.lines))

    def say_anywhere(self, words: str) -> None:
        """On the screen that the user sees, where that has a line for it."""
        screen = self.app.screen
        if isinstance(screen, SweepShower | HistoryScreen):
            screen.say(words, Tone.WARNING)
        else:
            self._sweeper.warn(words)

    @property
    def sweep_form(self) -> SweepSetupScreen | None:
        return next((each for each in self.app.screen_stack if isinstance(each, SweepSetupScreen)), None)

    def judge_sweep_fits(self) -> None:
        """What fits follows what is free now."""
        for screen in self.app.screen_stack:
            if isinstance(screen, SweepShower):
                screen.judge_fits()

    def stop_sweep(self) -> None:
        if self.sweep is not None and self.is_sweeping:
            self.sweep = replace(self.sweep, is_stopping=True)
            self._sweeper.owner.stop_run(self.sweep.run_id)
            self._tell_sweep()

    @on(SweepAdvanced)
    def _sweep_advanced(self, message: SweepAdvanced) -> None:
        """What comes late from a sweep that is no longer the latest is dropped."""
        me = self._sweeper
        if self.sweep is None or message.run_id != self.sweep.run_id:
            return
        self.sweep = self.sweep.after(message.news, me.services.clock())
        model = me.selection.model
        if isinstance(message.news, ModelLoaded) and model is not None and model.path == self.sweep.request.model.path:
            me.select(me.selection.with_load(message.news.report))
        self._tell_sweep()
        if self.sweep.is_over:
            self._sweep_ended(self.sweep)

    @on(SweepUnkept)
    def _sweep_unkept(self, message: SweepUnkept) -> None:
        if self.sweep is not None and message.run_id == self.sweep.run_id:
            why = " · ".join(message.problem.lines)
            self.sweep = replace(self.sweep, unkept=safe_line(f"this sweep is not kept: {why}"))
            self._tell_sweep()

    def _sweep_ended(self, sweep: SweepView) -> None:
        """In the cockpit a line says so."""
        me, progress = self._sweeper, sweep.snapshot.progress if sweep.snapshot is not None else None
        if progress is not None and progress.cells_done:
            self._cell_seconds = (sweep.request.model.path, progress.elapsed_seconds / progress.cells_done)
        leaves = f" · {me.keys['quit_letter']} leaves" if me.owner.is_leaving else ""
        me.forget_warning()
        how = "is done" if sweep.is_done else "was stopped" if sweep.end and sweep.end.was_cancelled else "failed"
        tone = Tone.GOOD if sweep.is_done else Tone.WARNING
        me.say(f"the sweep {how} · {me.keys['plot']} shows its plot{leaves}", tone)
        me.ask_fits()

    def _tell_sweep(self) -> None:
        """Whoever shows it; the cockpit has a line of it and a word in its header."""
        me = self._sweeper
        for screen in self.app.screen_stack:
            if isinstance(screen, SweepShower) and self.sweep is not None:
                screen.show(self.sweep)
        me.paint_header()
        me.paint_footer()

    def _sweep_offer(self) -> SweepOffer:
        me = self._sweeper
        selection = me.selection
        if _DOUBLE_QUANT not in selection.offered:
            selection = replace(selection.with_offer(_DOUBLE_QUANT), ticked=selection.ticked)
        model, known = selection.model, self._cell_seconds
        each = known[1] if known is not None and model is not None and known[0] == model.path else None
        return SweepOffer(selection, me.board, self.sweep_choices, self._memory_limit(), each)

    def _memory_limit(self) -> str:
        """What is free now, where the reference is known not to fit comfortably: else such a limit would ask for
        nothing, and the answer be the reference itself."""
        me = self._sweeper
        engine, fit = me.selection.engine, me.board.fits.get(me.selection.reference)
        if me.reading is None or engine is None or fit is None or fit.verdict is FitVerdict.FITS:
            return ""
        return free_memory(me.reading, engine.device)

    def _remember_choices(self, choices: SweepChoices) -> None:
        self.sweep_choices = choices

    def _begin(self, wish: SweepWish | None) -> None:
        me = self._sweeper
        if wish is None:
            return
        if me.busy_words or me.selection.model is None:
            me.warn(me.busy_words)
            return
        self.begin_sweep(_request(wish, me.selection.model, me.services.new_run_id(), me))
        self.show_sweep()


def free_memory(reading: MemoryReading, device: str) -> str:
    """What a model can have now, as the form has it: ``11.3GiB``, rounded down; "" where nobody tells."""
    from quanttui.pipeline.rooms import memory_rooms  # the pipeline behind it

    room = memory_rooms(device, reading, None).own_bytes
    if room is None or room <= 0:
        return ""
    return f"{int(10 * room / 2**30) / 10}GiB" if room >= 2**30 else f"{room // 2**20}MiB"


def _request(wish: SweepWish, model: ModelEntry, run_id: str, me: MainScreen) -> SweepRequest:
    typed = wish.typed
    return SweepRequest(
        run_id=run_id,
        model=model,
        reference=me.selection.chosen_reference,
        candidates=wish.candidates,
        prompts=wish.prompts,
        texts=wish.texts,
        budget=typed.budget,
        limits=typed.limits,
        prompts_from=wish.prompts_from,
        texts_from=wish.texts_from,
    )
