"""One sweep from a request to its end, told on stderr and kept in the history; its result on stdout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from quanttui.cli.engines import open_configured_engine
from quanttui.cli.fit_watch import read_memory
from quanttui.cli.narration import Narrator, narration
from quanttui.cli.page import page_text
from quanttui.cli.side_cache import side_cache
from quanttui.cli.stopping import stopping
from quanttui.cli.streams import say_error, say_note, say_warning, write_data
from quanttui.cli.sweep_report import sweep_report
from quanttui.cli.sweep_request import candidates_of
from quanttui.engine.base import Engine
from quanttui.errors import HistoryError, QuantTuiError, UsageError
from quanttui.pipeline.recorded_sweep import StartSweepRecording, recorded_sweep
from quanttui.pipeline.sweep import run_sweep
from quanttui.pipeline.sweep.grid import all_that_fit
from quanttui.records import Sweep, SweepProgress, SweepRequest
from quanttui.records.events import LoadProgressed, LoadStarted
from quanttui.records.sweep_events import SweepEvent, SweepFailed, SweepFinished, SweepTallied, VariantFailed
from quanttui.runs.document import document_text
from quanttui.runs.gate import LimitCheck, gate_document
from quanttui.runs.sweep_document import sweep_document
from quanttui.settings import Settings
from quanttui.units import format_seconds
from quanttui.variants import default_reference


def sweep_to_end(
    request: SweepRequest,
    settings: Settings,
    record: StartSweepRecording | None,
    resumed: Sweep | None = None,
    *,
    quiet: bool,
) -> tuple[SweepFinished | SweepFailed, bool]:
    """How the sweep ended, and whether the history has it. ``request``: as ``read_request`` makes it, or that of
    ``resumed``."""
    engine = open_configured_engine(settings)
    lost: list[HistoryError] = []
    last: SweepEvent | None = None
    with narration(quiet) as narrator, stopping(engine, narrator.wait_for) as stop_asked:
        narrator.wait_for("Starting the engine")
        if resumed is None:
            request = _settled(engine, request)
        events = run_sweep(engine, request, side_cache(settings), stop_asked, resumed)
        for last in recorded_sweep(events, record, _warning(lost), None if resumed else request):
            _tell(narrator, last)
    assert isinstance(last, SweepFinished | SweepFailed)
    return last, record is not None and not lost


def tell_sweep_end(
    last: SweepFinished | SweepFailed, *, json: bool, kept: bool, checks: Sequence[LimitCheck] = ()
) -> int:
    """The result on stdout, what was measured of a sweep that ended early too; gives the exit code. ``kept``: it is in
    the history."""
    if last.snapshot is not None and last.snapshot.progress.cells_done:
        gate = {"gate": gate_document(checks)} if checks else {}
        document = document_text(sweep_document(last.snapshot) | gate) if json else ""
        write_data(document or page_text(sweep_report(last.snapshot)))
    if isinstance(last, SweepFinished):
        return 0
    say_error(QuantTuiError(last.message, last.hint))
    if kept and last.sweep is not None and last.exit_code != UsageError.exit_code:  # that would be refused again
        say_note(f"quanttui sweep --resume {last.sweep.request.run_id} goes on from here")
    return last.exit_code


def _settled(engine: Engine, request: SweepRequest) -> SweepRequest:
    """``request`` with the reference that holds here, and without it among the candidates."""
    description = engine.describe()
    reference = request.reference or default_reference(request.model.dtype, description.device)
    engine.memory()  # asked now, answered by the time that memory is read
    named = request.candidates or all_that_fit(
        engine, request, reference, lambda: read_memory(engine, description.process_id)
    )
    return replace(request, reference=reference, candidates=candidates_of(named, reference))


def _tell(narrator: Narrator, event: SweepEvent) -> None:
    match event:
        case LoadStarted(variant=variant):
            narrator.wait_for(f"Loading {variant}")
        case LoadProgressed(variant=variant, progress=made):
            narrator.progress(f"Loading {variant}: {made.stage}", made.done, made.total)
        case SweepTallied(snapshot=snapshot):
            progress = snapshot.progress
            narrator.progress(_words(progress), progress.cells_done, progress.cells_total)
        case VariantFailed(failure=failure):
            say_warning(QuantTuiError(f"{failure.variant} failed: {failure.message}", failure.hint))


def _words(progress: SweepProgress) -> str:
    left = progress.remaining_seconds
    name = f"{progress.variant}: " if progress.variant else ""
    return f"{name}{progress.stage}" + (f" · about {format_seconds(left)} left" if left is not None else "")


def _warning(lost: list[HistoryError]) -> Callable[[HistoryError], None]:
    def warn(error: HistoryError) -> None:
        lost.append(error)
        say_warning(QuantTuiError(f"this sweep is not kept, so it cannot be resumed: {error.message}", error.hint))

    return warn
