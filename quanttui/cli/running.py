"""One run from a request to its end, told on stderr and kept in the history; its result on stdout."""

from __future__ import annotations

from quanttui.cli.engines import open_configured_pool
from quanttui.cli.fit_watch import FitWatch
from quanttui.cli.narration import narration
from quanttui.cli.page import page_text
from quanttui.cli.report import run_report
from quanttui.cli.stopping import stopping
from quanttui.cli.streams import say_error, say_note, say_warning, write_data
from quanttui.errors import HistoryError, QuantTuiError
from quanttui.pipeline import run_comparison
from quanttui.pipeline.recorded import StartRecording, recorded
from quanttui.records import Plan, RunRequest
from quanttui.records.events import RunEvent, RunFailed, RunFinished, RunStarted
from quanttui.runs.document import Document, document_text, run_document
from quanttui.settings import Settings


def run_to_end(
    request: RunRequest, settings: Settings, record: StartRecording | None, *, quiet: bool
) -> RunFinished | RunFailed:
    """How the run ended. Raises KeyboardInterrupt where the user stopped it."""
    engine = open_configured_pool(settings)
    last: RunEvent | None = None
    with narration(quiet) as narrator, stopping(engine, narrator.wait_for) as stop_asked:
        narrator.wait_for("Starting the engine")
        watch = FitWatch(engine)
        for last in recorded(run_comparison(engine, request, stop_asked), record, _warn, request=request):
            watch.tell(last)
            if isinstance(last, RunStarted) and last.plan_reason and not quiet:
                say_note(plan_words(last))
            narrator.tell(last)
    if stop_asked():
        raise KeyboardInterrupt
    assert isinstance(last, RunFinished | RunFailed)
    return last


def tell_end(
    last: RunFinished | RunFailed, *, json: bool, per_token: bool, verbose: bool, added: Document | None = None
) -> int:
    """The result on stdout, or why there is none on stderr; gives the exit code. ``added``: more for the document."""
    if isinstance(last, RunFailed):
        say_error(QuantTuiError(last.message, last.hint))
        return last.exit_code
    if json:
        write_data(document_text(run_document(last.run, per_token=per_token) | (added or {})))
    else:
        write_data(page_text(run_report(last.run, verbose=verbose)))
    return 0


def plan_words(started: RunStarted) -> str:
    """The plan and why it was chosen."""
    side_by_side = started.request.plan is Plan.PARALLEL
    return f"{'models side by side' if side_by_side else 'one model at a time'}: {started.plan_reason}"


def _warn(error: HistoryError) -> None:
    say_warning(QuantTuiError(f"this run is not kept: {error.message}", error.hint))
