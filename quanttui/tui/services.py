"""All that the app needs from outside: the engine, the catalogue, the readings, the clock. A test hands in its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from quanttui.engine.base import Engine
from quanttui.models.folders import Completion, complete_folder
from quanttui.records import GenerationSettings, MemoryReading, ModelEntry, Plan, Precision, Variant
from quanttui.runs.identity import new_run_id
from quanttui.session import SweepChoices
from quanttui.tui.history_access import HistoryAccess
from quanttui.tui.sweep_runner import SweepRunner, run_sweep_here

if TYPE_CHECKING:
    from quanttui.pipeline.recorded import StartRecording  # numpy behind it
    from quanttui.pipeline.recorded_sweep import StartSweepRecording
    from quanttui.records.download import DownloadEvent, DownloadPlan
    from quanttui.session import Session

DEFAULT_CANDIDATES = (Variant(Precision.INT8), Variant(Precision.NF4))
DEFAULT_PROMPT = "Once upon a time"


@dataclass(frozen=True, slots=True)
class InitialChoices:
    """What is chosen when the app opens. ``model_id`` None: the first of the catalogue; ``reference`` None: the
    checkpoint's own half-precision type. ``examples``: prompts that a key walks through. ``is_first``: nothing was ever
    chosen here; ``word``: what to say at the start; ``warm_up_seconds``: how long the engine took the last time."""

    model_id: str | None = None
    prompt: str = DEFAULT_PROMPT
    examples: tuple[str, ...] = ()
    reference: Variant | None = None
    candidates: tuple[Variant, ...] = DEFAULT_CANDIDATES
    settings: GenerationSettings = field(default_factory=GenerationSettings)
    theme: str = "quanttui-dark"
    sweep: SweepChoices = field(default_factory=SweepChoices)
    is_first: bool = False
    word: str = ""
    warm_up_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """What the way to the terminal bears: how often what streams is painted, and whether things move by themselves."""

    paint_interval_seconds: float = 0.08
    moves: bool = True


SLOW_LINK = Link(paint_interval_seconds=0.5, moves=False)


class DownloadRun(Protocol):
    """``events`` is iterated once, by one thread; raises ``QuantTuiError``. ``cancel`` may be called by any."""

    def events(self) -> Iterator[DownloadEvent]: ...

    def cancel(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Hub:
    """``plan`` and ``describe`` ask the hub what an id is: they block and may raise ``QuantTuiError``. ``describe``
    puts the model's config.json into a folder; no weights come. ``download`` makes one run of a plan."""

    plan: Callable[[str], DownloadPlan]
    describe: Callable[[str, Path], ModelEntry]
    download: Callable[[DownloadPlan], DownloadRun]


@dataclass(frozen=True, slots=True)
class Services:
    """``find_model`` reads a folder or a hub id, ``list_models`` (as they are found) and ``read_memory`` may block:
    all run off the UI thread and may raise ``QuantTuiError``. ``memory_interval_seconds`` None: memory is read once.
    ``keymap``: a binding's id to the keys that replace its own. ``record`` keeps a run in the history, ``record_sweep``
    a sweep; None: none is kept; ``history`` is where it is found again. ``write_output`` puts a text into a new file
    named after a variant and says which; it may block and raise ``QuantTuiError``. ``remember`` keeps what is chosen
    for the next start, and raises nothing. ``plan``: how a run is to use the
    machine."""

    engine: Engine
    list_models: Callable[[], Iterable[ModelEntry]]
    find_model: Callable[[str], ModelEntry]
    read_memory: Callable[[], MemoryReading]
    choices: InitialChoices = field(default_factory=InitialChoices)
    score: bool = True
    memory_interval_seconds: float | None = 1.0
    write_output: Callable[[str, str], Path] = lambda variant, text: _write_output(variant, text)
    link: Link = field(default_factory=Link)
    keymap: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    new_run_id: Callable[[], str] = new_run_id
    record: StartRecording | None = None
    record_sweep: StartSweepRecording | None = None
    run_sweep: SweepRunner = run_sweep_here
    history: HistoryAccess | None = None
    hub: Hub | None = None
    plan: Plan = Plan.SEQUENTIAL
    complete_folder: Callable[[str], Completion] = complete_folder
    remember: Callable[[Session], None] = lambda session: None


def _write_output(variant: str, text: str) -> Path:
    from quanttui.runs.outputs import write_output  # not needed before the first frame

    return write_output(Path("outputs"), variant, text)
