"""What the parts of the screen tell each other: facts in the past tense, intents ending in ``Requested``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from quanttui.errors import QuantTuiError
from quanttui.records import EngineDescription, MemoryReading, ModelEntry, Variant
from quanttui.records.branch import BranchEvent
from quanttui.records.download import DownloadEvent, DownloadPlan
from quanttui.records.events import RunEvent
from quanttui.tui.state.fit_view import FitQuestion
from quanttui.tui.state.pages import Pane

if TYPE_CHECKING:
    from quanttui.pipeline.fitting import Foretold


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, raw, as in ``QuantTuiError``."""

    message: str
    hint: str = ""
    why: str = ""

    @property
    def lines(self) -> list[str]:
        """What, why, what to do."""
        return [line for line in (self.message, self.why, self.hint) if line]


def problem_of(error: QuantTuiError) -> Problem:
    return Problem(error.message, error.hint, error.why)


@dataclass
class RunAdvanced(Message):
    """The run ``run_id`` told something: ``take`` it. Posted from the run's thread, which may add tokens until then."""

    run_id: str
    take: Callable[[], tuple[RunEvent, ...]]


@dataclass
class BranchAdvanced(Message):
    """The branch ``run_id`` told something. Posted from its thread."""

    run_id: str
    event: BranchEvent


@dataclass
class HistoryFailed(Message):
    """The run that goes on is not kept from here on. Posted from its thread."""

    problem: Problem


@dataclass
class OutputWritten(Message):
    """An output is in a file of its own."""

    path: Path


@dataclass
class OutputRefused(Message):
    """An output could not be written."""

    problem: Problem


@dataclass
class EngineWarmed(Message):
    """The engine is ready and has said where it runs."""

    description: EngineDescription


@dataclass
class EngineFailed(Message):
    """The engine could not start. The next run tries again."""

    problem: Problem


@dataclass
class VariantsForetold(Message):
    """The engine said what some variants will take. Posted from its thread."""

    question: FitQuestion
    foretold: tuple[Foretold, ...]


@dataclass
class ForetellingEnded(Message):
    """Nothing more will be answered to ``question``; not ``is_whole``: a run went before it."""

    question: FitQuestion
    is_whole: bool


@dataclass
class DownloadPlanned(Message):
    """The hub said what ``entry`` is and what fetching it would bring. Posted from its thread."""

    plan: DownloadPlan
    entry: ModelEntry


@dataclass
class PlanFailed(Message):
    """The hub did not say what ``model_id`` is."""

    model_id: str
    problem: Problem


@dataclass
class DownloadAdvanced(Message):
    """Some of it came, or all. Posted from its thread."""

    plan: DownloadPlan
    event: DownloadEvent


@dataclass
class DownloadEnded(Message):
    """Nothing more will come. ``problem`` None: it is whole, or was stopped."""

    plan: DownloadPlan
    problem: Problem | None


@dataclass
class ModelsFound(Message):
    """The catalogue is being read: ``entries`` are those found until now. ``chosen``: the wanted one is among them."""

    entries: tuple[ModelEntry, ...]
    chosen: ModelEntry | None = None


@dataclass
class ModelsListed(Message):
    """The catalogue was read. ``chosen``: the entry that was wanted; ``missing``: why there is none."""

    entries: tuple[ModelEntry, ...]
    chosen: ModelEntry | None = None
    missing: Problem | None = None


@dataclass
class ModelsFailed(Message):
    """The catalogue could not be read."""

    problem: Problem


@dataclass
class MemoryRead(Message):
    """A reading of GPUs and host came in."""

    reading: MemoryReading


@dataclass
class ModelRequested(Message):
    """The user chose a model of the list."""

    entry: ModelEntry


@dataclass
class VariantTickRequested(Message):
    """The user ticked a variant, or took the tick away."""

    variant: Variant


@dataclass
class CandidateRequested(Message):
    """The user wants to see this candidate's output."""

    variant: Variant


@dataclass
class PageRequested(Message):
    """The user wants the page of this pane (where the terminal is too small for all)."""

    pane: Pane


@dataclass
class SettingsEdited(Message):
    """A field of the settings row changed."""
