"""What the keys of the history do to runs: open, run again, mark, compare, delete, export. Asks the history's thread
and the cockpit; changes nothing itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Input

from quanttui.records import Run, SweepSnapshot
from quanttui.records.history import RunKind, RunLine
from quanttui.tui.bindings import bindings_of
from quanttui.tui.history_keys import HISTORY_COMMANDS
from quanttui.tui.history_messages import (
    ExportPrepared,
    HistoryRefused,
    RunOpened,
    RunsCompared,
    RunsDeleted,
    RunToRepeat,
)
from quanttui.tui.key_table import KeyNames
from quanttui.tui.messages import Problem
from quanttui.tui.screens.confirm import ConfirmScreen
from quanttui.tui.screens.export import ExportScreen, ExportSource
from quanttui.tui.screens.run_comparison import RunComparisonScreen
from quanttui.tui.state.run_lines import figures_words, when_words
from quanttui.tui.state.status import Tone
from quanttui.tui.state.sweep_view import stored_sweep_view
from quanttui.tui.sweeping_messages import SweepOpened, SweepToRepeat
from quanttui.tui.widgets.run_list import RunList
from quanttui.tui.widgets.run_preview import RunPreview
from quanttui.tui.workers.sweep_looks import compared, of_one_kind, opened, opened_sweep, run_to_repeat, sweep_to_repeat

if TYPE_CHECKING:
    from quanttui.runs.store import RunStore
    from quanttui.tui.app import QuantTuiApp
    from quanttui.tui.screens.history import HistoryScreen


class HistoryActions(Screen[None]):
    """The actions of ``HistoryScreen``; ``_me`` is that screen, to the type checker."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(HISTORY_COMMANDS)

    @property
    def _me(self) -> HistoryScreen:
        return cast("HistoryScreen", self)

    @property
    def owner(self) -> QuantTuiApp:
        return cast("QuantTuiApp", self.app)

    @property
    def keys(self) -> KeyNames:
        return self.owner.key_names

    @property
    def highlighted(self) -> RunLine | None:
        return self.query_one(RunList).highlighted

    @property
    def chosen(self) -> tuple[str, ...]:
        """The marked runs, or the one under the cursor."""
        line = self.highlighted
        return self._me.place.marked or ((line.run_id,) if line is not None else ())

    def refused(self, problem: Problem) -> HistoryRefused:
        return HistoryRefused(problem)

    @on(HistoryRefused)
    def say_refused(self, message: HistoryRefused) -> None:
        self._me.say(" · ".join(filter(None, (message.problem.message, message.problem.hint))), Tone.WARNING)

    @on(RunList.OpenRequested)
    def action_open(self) -> None:
        """Show the run in the cockpit, as it was shown."""
        main, line = self.owner.main, self.highlighted
        if line is None:
            return
        if line.kind is RunKind.SWEEP:
            self._open_sweep(line.run_id)
            return
        if main.is_busy and main.run_view is not None:
            if main.run_view.request.run_id == line.run_id:
                self.dismiss(None)
            else:
                self._me.say(f"a run is going on · {self.keys['history_close']} goes back to it", Tone.WARNING)
            return
        self._me.desk.ask(lambda store: RunOpened(store.read(line.run_id)), self.refused)

    def _open_sweep(self, run_id: str) -> None:
        """On a screen of its own over this one."""
        main = self.owner.main
        if main.sweep is not None and main.sweep.run_id == run_id:
            main.show_sweep()
        else:
            self._me.desk.ask(partial(opened_sweep, run_id=run_id), self.refused)

    @on(SweepOpened)
    def sweep_opened(self, message: SweepOpened) -> None:
        from quanttui.tui.screens.sweep import SweepScreen  # numpy and the plot behind it

        if self.is_current:
            view = stored_sweep_view(message.stored, message.snapshot, self._me.access.now().timestamp())
            self.app.push_screen(SweepScreen(view, self.owner.services, message.stored))

    def action_again(self) -> None:
        """Run it again, in the cockpit."""
        if self.owner.main.busy_words:
            self._me.say(self.owner.main.busy_words, Tone.WARNING)
        elif (line := self.highlighted) is not None:
            look = sweep_to_repeat if line.kind is RunKind.SWEEP else run_to_repeat
            self._me.desk.ask(partial(look, run_id=line.run_id), self.refused)

    @on(RunToRepeat)
    def run_to_repeat(self, message: RunToRepeat) -> None:
        self.dismiss(None)
        self.owner.main.run_again(message.stored.run.request)

    @on(SweepToRepeat)
    def sweep_to_repeat(self, message: SweepToRepeat) -> None:
        self.owner.main.sweep_again(message.request)

    @on(RunOpened)
    def run_opened(self, message: RunOpened) -> None:
        self.dismiss(None)
        self.owner.main.show_stored(message.stored)

    def action_filter(self) -> None:
        self.query_one("#filter").focus()

    def action_preview(self) -> None:
        at_list = not isinstance(self.focused, RunPreview)
        self.set_class(at_list, "-previewing")  # a small terminal shows one of them
        self.call_after_refresh(self.query_one(RunPreview if at_list else RunList).focus)

    def action_mark(self) -> None:
        line, place = self.highlighted, self._me.place
        if line is None:
            return
        if line.run_id in place.marked:
            place.marked = tuple(run_id for run_id in place.marked if run_id != line.run_id)
        else:
            place.marked = (*place.marked, line.run_id)
        two = f" · {self.keys['history_compare']} compares them" if len(place.marked) == 2 else ""
        self._me.say(f"{len(place.marked)} marked{two}" if place.marked else "nothing is marked any more")

    def action_compare(self) -> None:
        """The two marked runs, the one marked first as A."""
        marked = self._me.place.marked
        if len(marked) != 2:
            words = f"{len(marked)} marked" if marked else "nothing is marked"
            self._me.say(f"{words} · two are compared, {self.keys['history_mark']} marks", Tone.WARNING)
            return

        self._me.desk.ask(partial(compared, first_id=marked[0], second_id=marked[1]), self.refused)

    @on(RunsCompared)
    def runs_compared(self, message: RunsCompared) -> None:
        self.app.push_screen(RunComparisonScreen(message.comparison, message.first, message.second))

    def action_export(self) -> None:
        """The marked runs or sweeps, or the one under the cursor."""
        if self.chosen:
            self._me.desk.ask(partial(of_one_kind, run_ids=self.chosen), self.refused)

    @on(ExportPrepared)
    def export_prepared(self, message: ExportPrepared) -> None:
        wanted, access, is_sweep = message.run_ids, self._me.access, message.kind is RunKind.SWEEP

        def read() -> list[Run]:
            with access.open() as store:
                return [store.load(run_id) for run_id in wanted]

        def read_sweeps() -> list[SweepSnapshot]:
            with access.open() as store:
                return [opened(store.read_sweep(run_id)) for run_id in wanted]

        noun = "sweep" if is_sweep else "run"
        title = f"{noun} {wanted[0]}" if len(wanted) == 1 else f"{len(wanted)} {noun}s"
        source = ExportSource(title, read, access.privacy, read_sweeps=read_sweeps if is_sweep else None)
        self.app.push_screen(ExportScreen(source, self.owner.main.export_choices()))

    def action_delete(self) -> None:
        """The marked runs, or the one under the cursor, once the user has said yes."""
        wanted, line = self.chosen, self.highlighted
        if not wanted:
            return
        if len(wanted) == 1 and line is not None and line.run_id == wanted[0]:
            question = f"Delete the run of {when_words(line.started_seconds)}?"
            named = f"{line.model_id}, {figures_words(line)}"
        else:
            question = f"Delete the {len(wanted)} marked run{'s' if len(wanted) > 1 else ''}?"
            named = ", ".join(wanted[:8]) + (f" and {len(wanted) - 8} more" if len(wanted) > 8 else "")
        words = f"{named}\n\nTexts, figures and settings are gone then."
        self.app.push_screen(ConfirmScreen(question, words, "deletes"), partial(self._delete, wanted))

    def _delete(self, wanted: tuple[str, ...], yes: bool | None) -> None:
        def delete(store: RunStore) -> RunsDeleted:
            store.delete(wanted)
            return RunsDeleted(wanted)

        if yes:
            self._me.desk.ask(delete, self.refused)

    @on(RunsDeleted)
    def runs_deleted(self, message: RunsDeleted) -> None:
        place = self._me.place
        place.marked = tuple(run_id for run_id in place.marked if run_id not in message.run_ids)
        count = len(message.run_ids)
        self._me.say("deleted" if count == 1 else f"{count} runs deleted")
        self._me.ask_from(self.query_one(RunList).cursor)

    def action_clear(self) -> None:
        self._me.place.marked = ()
        self._me.say("nothing is marked any more")

    def action_close(self) -> None:
        """One step back: out of the filter line, out of the preview, back to the cockpit."""
        if isinstance(self.focused, RunPreview):
            self.action_preview()
        elif isinstance(self.focused, Input):
            self.query_one(RunList).focus()
        else:
            self.dismiss(None)
