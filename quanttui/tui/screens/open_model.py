"""Opening a model: a folder, completed as one types, or a hub id, fetched where it is not here. Decides nothing of
what is chosen; what blocks runs in threads, downloads in the app's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from quanttui.errors import QuantTuiError
from quanttui.models.folders import Completion
from quanttui.models.hub_id import parse_hub_id
from quanttui.records import MemoryReading, ModelEntry, ModelSource
from quanttui.records.download import DownloadPlan, DownloadProgress
from quanttui.tui import messages
from quanttui.tui.bindings import bindings_of, key_names
from quanttui.tui.messages import Problem, problem_of
from quanttui.tui.services import Services
from quanttui.tui.state.download_view import stopped_words
from quanttui.tui.state.fit_view import FitBoard, FitQuestion
from quanttui.tui.widget_keys import OPEN_COMMANDS
from quanttui.tui.widgets import open_text
from quanttui.tui.widgets.fields import SafeInput
from quanttui.tui.workers.threads import start_thread

if TYPE_CHECKING:
    from quanttui.tui.app import QuantTuiApp

EXPLANATION = "A folder with a model in it, or a hub id such as Qwen/Qwen3-0.6B, with @revision if you like."


class Stage(Enum):
    TYPING = auto()
    LOOKING = auto()
    PLANNED = auto()
    FETCHING = auto()


class OpenScreen(ModalScreen[ModelEntry | None]):
    """Ends with the model that was opened, or None: gone back, or a download goes on behind."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(OPEN_COMMANDS)

    @dataclass
    class Glanced(Message):
        """What stands there so far could become ``completion``; ``entry`` is the model of that folder."""

        typed: str
        completion: Completion
        entry: ModelEntry | None

    @dataclass
    class Completed(Message):
        """The folder's name, as far as it goes on in one way only."""

        typed: str
        completion: Completion

    @dataclass
    class Found(Message):
        """It is here."""

        typed: str
        entry: ModelEntry

    @dataclass
    class NotFound(Message):
        """It is not here."""

        typed: str
        problem: Problem

    def __init__(
        self, services: Services, fetching: tuple[DownloadPlan, DownloadProgress | None] | None = None
    ) -> None:
        """``fetching``: the download that goes on already."""
        super().__init__()
        self._services = services
        self._stage = Stage.FETCHING if fetching else Stage.TYPING
        self._plan = fetching[0] if fetching else None
        self._progress = fetching[1] if fetching else None
        self._entry: ModelEntry | None = None
        self._taken = ""
        self._board = FitBoard()

    @property
    def _owner(self) -> QuantTuiApp:
        return cast("QuantTuiApp", self.app)

    def compose(self) -> ComposeResult:
        with Vertical(id="ask") as box:
            box.border_title = Content("Open a model")
            typed = self._plan.model_id if self._plan else ""
            field = SafeInput(typed, "folder or hub id", compact=True, id="open-name")
            field.disabled = self._stage is Stage.FETCHING
            yield field
            yield Static(Content(EXPLANATION), markup=False, id="ask-words")

    def on_mount(self) -> None:
        if self._plan and self._stage is Stage.FETCHING:
            self.tell_progress(self._plan, self._progress)
        self._tell_keys()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        """What was typed fast may come after the enter that followed it."""
        event.stop()
        if self._stage is Stage.FETCHING or event.value == self._taken:
            return
        self._taken = ""
        self._go(Stage.TYPING)
        self._say(Content(EXPLANATION))
        if event.value.strip():
            start_thread(partial(self._glance, event.value), "glance")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._stage is Stage.PLANNED and self._plan is not None:
            self._fetch(self._plan)
        elif self._stage is Stage.TYPING and event.value.strip():
            self._taken = event.value
            self._go(Stage.LOOKING)
            self._say(Content("looking …"))
            start_thread(partial(self._look, event.value.strip()), "look")

    @on(Glanced)
    def _glanced(self, event: Glanced) -> None:
        """A look that comes after the answer to enter does not take its place."""
        if self._stage is Stage.TYPING and event.typed == self._value != self._taken:
            self._say(open_text.glance(event.completion, event.entry, EXPLANATION))

    @on(Completed)
    def _completed(self, event: Completed) -> None:
        field = self.query_one(Input)
        if event.typed == field.value and event.completion.text != field.value:
            field.value = event.completion.text
            field.cursor_position = len(field.value)

    @on(Found)
    def _found(self, event: Found) -> None:
        if self._stage is not Stage.LOOKING or event.typed != self._value.strip():
            return
        if event.entry.problem is None:
            self.dismiss(event.entry)
        elif event.entry.source is ModelSource.CACHE and self._services.hub is not None:
            self._ask_hub(event.typed, event.entry.problem)
        else:
            self._fail(Problem(f"{event.entry.id} cannot be run", event.entry.problem))

    @on(NotFound)
    def _not_found(self, event: NotFound) -> None:
        """What may be on the hub is asked for there."""
        if self._stage is not Stage.LOOKING or event.typed != self._value.strip():
            return
        if self._services.hub is None or not _is_hub_id(event.typed):
            self._fail(event.problem)
        else:
            self._ask_hub(event.typed, "not here")

    def show_plan(self, event: messages.DownloadPlanned, question: FitQuestion | None) -> None:
        """``question``: what is asked of the engine meanwhile."""
        if self._stage is Stage.LOOKING and event.plan.model_id == self._value.strip():
            self._plan, self._entry, self._progress = event.plan, event.entry, None
            self._board = FitBoard(question)
            self._go(Stage.PLANNED)
            self._tell_plan()

    def show_plan_failure(self, event: messages.PlanFailed) -> None:
        if self._stage is Stage.LOOKING and event.model_id == self._value.strip():
            self._fail(event.problem)

    def show_foretold(self, event: messages.VariantsForetold, reading: MemoryReading | None) -> None:
        if event.question == self._board.question:
            self._board = self._board.told(event.foretold).judged(reading)
            if self._stage is Stage.PLANNED:
                self._tell_plan()

    def tell_progress(self, plan: DownloadPlan, progress: DownloadProgress | None) -> None:
        if self._stage is Stage.FETCHING:
            self._plan, self._progress = plan, progress
            self._say(open_text.progress(plan, progress, self._width))

    def show_end(self, problem: Problem | None) -> None:
        """It was stopped, or could not go on. Enter plans anew, from what is here."""
        self._go(Stage.TYPING)
        self.query_one(Input).focus()
        if problem is not None:
            self._fail(problem)
        else:
            words = f"{stopped_words(self._progress)} · enter goes on from there"
            self._say(Content.styled(words, "$warning"))

    def action_cancel(self) -> None:
        if self._stage is Stage.FETCHING:
            self._owner.cancel_download()
            self._say(Content("stopping …"))
        else:
            self.dismiss(None)

    def action_behind(self) -> None:
        """Work on while it comes."""
        if self._stage is Stage.FETCHING:
            self.dismiss(None)

    def action_complete(self) -> None:
        start_thread(partial(self._complete, self._value), "complete")

    @property
    def _value(self) -> str:
        return self.query_one(Input).value

    @property
    def _width(self) -> int:
        return self.query_one("#ask-words").size.width

    def _ask_hub(self, model_id: str, why: str) -> None:
        self._say(open_text.asking(model_id, why))
        self._owner.plan_download(model_id)

    def _fetch(self, plan: DownloadPlan) -> None:
        self._go(Stage.FETCHING)
        self.tell_progress(plan, None)
        self._owner.start_download(plan)

    def _glance(self, typed: str) -> None:
        completion = self._services.complete_folder(typed)
        entry = None
        if typed.startswith(("/", "~", ".")):
            try:
                entry = self._services.find_model(typed.strip())
            except QuantTuiError:
                entry = None
        self.post_message(self.Glanced(typed, completion, entry))

    def _complete(self, typed: str) -> None:
        self.post_message(self.Completed(typed, self._services.complete_folder(typed)))

    def _look(self, typed: str) -> None:
        try:
            self.post_message(self.Found(typed, self._services.find_model(typed)))
        except QuantTuiError as error:
            self.post_message(self.NotFound(typed, problem_of(error)))

    def _tell_plan(self) -> None:
        assert self._plan is not None
        assert self._entry is not None
        self._say(open_text.plan(self._plan, self._entry, self._board, self._width))

    def _fail(self, problem: Problem) -> None:
        self._go(Stage.TYPING)
        self._say(open_text.failure(problem))

    def _go(self, stage: Stage) -> None:
        self._stage = stage
        field = self.query_one(Input)
        field.disabled = stage is Stage.FETCHING
        if stage is Stage.FETCHING:
            self.set_focus(None)
        self._tell_keys()

    def _tell_keys(self) -> None:
        keys = key_names(self.app)
        words = {
            Stage.TYPING: f"enter takes it · {keys['open_complete']} completes · {keys['open_cancel']} goes back",
            Stage.LOOKING: f"{keys['open_cancel']} goes back",
            Stage.PLANNED: f"enter fetches it · {keys['open_cancel']} goes back",
            Stage.FETCHING: f"{keys['open_behind']} works on meanwhile · {keys['open_cancel']} stops",
        }
        self.query_one("#ask").border_subtitle = Content(words[self._stage])

    def _say(self, words: Content) -> None:
        self.query_one("#ask-words", Static).update(words)


def _is_hub_id(text: str) -> bool:
    try:
        parse_hub_id(text)
    except QuantTuiError:
        return False
    return True
