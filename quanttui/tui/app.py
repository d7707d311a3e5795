"""The app: its theme, its keys and its threads. What the screen shows and does stands in ``screens``."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.actions import ActionParseResult
from textual.app import App, ComposeResult, SystemCommand
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from quanttui.tui.bindings import bindings_of
from quanttui.tui.key_table import COMMANDS, KeyNames
from quanttui.tui.keys import APP_COMMANDS, Command
from quanttui.tui.leaving import STOPPED, Deadline, Signals
from quanttui.tui.palette import ActionCommands, ThemeCommands
from quanttui.tui.terminal import Terminal
from quanttui.tui.theme import OWN, next_theme, readable, shades_of
from quanttui.tui.workers.threads import start_thread

if TYPE_CHECKING:
    from quanttui.pipeline.recorded import StartRecording
    from quanttui.records import RunRequest, Sweep, SweepRequest, Variant
    from quanttui.records.branch import BranchRequest
    from quanttui.records.download import DownloadPlan
    from quanttui.tui.screens.main import MainScreen
    from quanttui.tui.services import Services
    from quanttui.tui.state.fit_view import FitQuestion
    from quanttui.tui.workers.downloader import Downloader
    from quanttui.tui.workers.memory_poller import MemoryPoller
    from quanttui.tui.workers.run_controller import RunController


class QuantTuiApp(App[None]):
    """Reads nothing from outside but through ``services``.

    The first paint is a frame of its own; what the cockpit needs is imported after it.
    """

    TITLE = "quanttui"
    CSS = "#opening { padding: 0 1; text-style: bold; color: $primary; }"
    COMMANDS: ClassVar = {ActionCommands, ThemeCommands}
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(APP_COMMANDS)

    main: MainScreen
    controller: RunController
    poller: MemoryPoller

    def __init__(
        self, services: Services, deadline: Deadline | None = None, settled: Callable[[], None] | None = None
    ) -> None:
        """``deadline``: ends the process should leaving take too long. ``settled``: called when the cockpit is up, and
        when the engine is: what there is then stays."""
        super().__init__(driver_class=Terminal)
        self.services = services
        self.animation_level = "full" if services.link.moves else "none"
        for theme in OWN:
            self.register_theme(theme)
        self.theme = services.choices.theme
        self.set_keymap(services.keymap)
        self.downloader: Downloader | None = None
        self.is_open = False
        self.is_leaving = False
        self._deadline = deadline
        self.settled = settled or (lambda: None)
        self._signals = Signals(self.terminal_lost)

    def compose(self) -> ComposeResult:
        yield Static("quanttui", markup=False, id="opening")

    def on_mount(self) -> None:
        self._signals.heed()
        self.call_after_refresh(self._open)

    def on_resize(self) -> None:
        """A resized terminal may have moved what it shows."""
        if isinstance(self._driver, Terminal):
            self._driver.forget_screen()

    def action_redraw(self) -> None:
        """For a screen that something else wrote on."""
        self.on_resize()
        self.screen.refresh(layout=True)

    async def _open(self) -> None:
        """Put the cockpit up and start what runs beside it."""
        from quanttui.tui.screens.main import MainScreen
        from quanttui.tui.workers.catalogue import list_models
        from quanttui.tui.workers.downloader import Downloader
        from quanttui.tui.workers.memory_poller import MemoryPoller
        from quanttui.tui.workers.run_controller import RunController

        services = self.services
        self.main = MainScreen(services, self.size)
        self.controller = RunController(services.engine, self._post, services.record, services.run_sweep)
        self.poller = MemoryPoller(services.read_memory, self._post, services.memory_interval_seconds)
        if services.hub is not None:
            self.downloader = Downloader(services.hub, self._post)
        self.is_open = True
        await self.push_screen(self.main)
        self.poller.start()
        self._in_thread(
            partial(list_models, services.list_models, services.find_model, services.choices.model_id, self._post)
        )
        self._in_thread(self.controller.warm_up)
        self.call_after_refresh(self.settled)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """For themes other than our own."""
        return shades_of(self.current_theme)

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        self.theme_variables = variables | readable(variables, self.current_theme)
        return self.theme_variables

    def set_keymap(self, keymap: Mapping[str, str]) -> None:
        """The keys that replace those of the bindings, by id; what the screen says of keys follows."""
        super().set_keymap(dict(keymap))
        self.key_names = KeyNames(keymap)

    def start_run(self, request: RunRequest, record: StartRecording | None = None) -> None:
        self.remember()
        self._in_thread(partial(self.controller.run, request, record))

    def start_sweep(self, request: SweepRequest, resumed: Sweep | None = None) -> None:
        self.remember()
        self.controller.forget_stop(request.run_id)
        self._in_thread(partial(self.controller.sweep, request, resumed, self.services.record_sweep))

    def remember(self) -> None:
        """Keep what is chosen for the next start."""
        from quanttui.tui.screens.remembering import session_of

        if self.is_open and self.main.is_mounted:
            self.services.remember(session_of(self.main))

    def start_foretelling(self, question: FitQuestion, variants: Sequence[Variant]) -> None:
        self.controller.ask(question)
        self._in_thread(partial(self.controller.foretell, question, variants))

    def plan_download(self, model_id: str) -> None:
        if self.downloader is not None:
            self._in_thread(partial(self.downloader.plan, model_id))

    def start_download(self, plan: DownloadPlan) -> None:
        if self.downloader is not None:
            self.downloader.start(plan)

    def cancel_download(self) -> None:
        if self.downloader is not None:
            self._in_thread(self.downloader.cancel)

    def start_branch(self, request: BranchRequest) -> None:
        self._in_thread(partial(self.controller.branch, request))

    def stop_run(self, run_id: str) -> None:
        self.controller.mark_stopped(run_id)
        self._in_thread(self.controller.stop)

    def on_branch_screen_stop_requested(self) -> None:
        self.main.stop_branch()

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """What the cockpit said goes with the next action there, unless that says something itself. What it hears while
        another screen covers it stays until it is seen."""
        said = self.main.said if self.is_open and self.screen is self.main else None
        try:
            done = await super().run_action(action, default_namespace, namespaces)
        except KeyError:  # Textual 8.2's palette, of a page key that comes before its list is laid out
            if not isinstance(self.screen, CommandPalette):
                raise
            return False
        if said is not None and self.main.said is said:
            self.main.forget_warning()
        return done

    def pop_screen(self) -> AwaitComplete:
        """The cockpit stays: a screen that is closed twice in a row, as Textual's palette can be, takes none along."""
        if self.is_open and self.screen is self.main:
            return cast(AwaitComplete, AwaitComplete.nothing())  # type: ignore[no-untyped-call]  # Textual's has none
        return super().pop_screen()

    def action_leave(self) -> None:
        """Leave; while a run goes on, only when asked twice."""
        if self.is_open and not self.is_leaving and (busy := self.main.busy_words):
            self.is_leaving = True
            keys = self.key_names
            self.main.say_anywhere(f"{busy} · {keys['quit_letter']} or {keys['quit']} again leaves")
            return
        self.leave(0)

    def leave(self, exit_code: int) -> None:
        """End the app in order; should anything hang on the way, the process ends all the same."""
        if self._deadline is not None:
            self._deadline.arm(exit_code)
        self.remember()
        self.exit(return_code=exit_code)

    def terminal_lost(self) -> None:
        """There is nobody to ask any more, or somebody else has decided. From any thread, or a signal's handler."""
        if self._deadline is not None:
            self._deadline.arm(STOPPED)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.leave, STOPPED)

    def action_interrupt(self) -> None:
        if self.is_open:
            self.main.interrupt()

    def action_theme(self) -> None:
        self.theme = next_theme(self.theme)
        if self.is_open:
            self.main.say(f"theme: {self.theme}")

    def action_help(self) -> None:
        from quanttui.tui.screens.help import HelpScreen, help_of

        if self.is_open and not isinstance(self.screen, HelpScreen):
            here = help_of(self.screen) or self.main.pane_of_focus()
            self.push_screen(HelpScreen(self.key_names, here))

    def forget_leaving(self) -> None:
        """The run ended, or the user went on working: leaving asks again."""
        self.is_leaving = False

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        for command in COMMANDS.values() if self.is_open else ():
            if command.in_palette:
                yield SystemCommand(command.tooltip, self.key_names.all(command.id), partial(self._do, command))

    async def on_unmount(self) -> None:
        self._signals.release()
        if not self.is_open:
            return
        self.poller.stop()
        if self.downloader is not None:
            await asyncio.to_thread(self.downloader.close)
        await asyncio.to_thread(self.controller.close)

    async def _do(self, command: Command) -> None:
        """What the palette was asked for, where it acts: the cockpit's commands close what lies over it."""
        while command not in APP_COMMANDS and self.screen is not self.main and not self.screen.is_modal:
            await self.pop_screen()
        node = self.main.node_of(command)
        if node is not None:
            await self.run_action(command.action, default_namespace=node)

    def _in_thread(self, work: Callable[[], None]) -> None:
        start_thread(work, "work")

    def _post(self, message: Message) -> None:
        """To the cockpit, from any thread; what comes after the end goes nowhere."""
        with contextlib.suppress(RuntimeError):  # asyncio's word for a closed loop
            self.main.post_message(message)
