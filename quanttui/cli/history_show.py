"""``quanttui history show``: a run that is kept, in the words that told it when it was made."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from quanttui.cli.arguments import Parser
from quanttui.cli.page import page_text
from quanttui.cli.recording import history_path
from quanttui.cli.report import run_report
from quanttui.cli.stored_sweeps import tallied
from quanttui.cli.streams import write_data
from quanttui.cli.sweep_report import sweep_report
from quanttui.records.history import RESUMABLE, RunState, StoredRun, StoredSweep
from quanttui.runs.command_line import repeat_command, repeat_sweep
from quanttui.runs.document import document_text
from quanttui.runs.history_document import stored_document, stored_sweep_document
from quanttui.runs.store import RunStore
from quanttui.settings import Settings
from quanttui.text import safe_line
from quanttui.units import format_seconds

DESCRIPTION = (
    "Show a run that is kept: the report or the document of quanttui compare or sweep, and what is known of its making."
)

_MAX_COMMAND = 1000


def add_arguments(parser: Parser) -> None:
    parser.add_argument("run_id", metavar="RUN", help="the beginning of its id, or latest")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--per-token", action="store_true", help="with --json: every scored token too")
    parser.add_argument("-v", "--verbose", action="store_true", help="also the options of every load (--json has them)")


def run(arguments: Namespace, settings: Settings) -> int:
    with RunStore.open_existing(history_path(settings)) as store:
        stored = store.read_any(store.find(arguments.run_id))
    if isinstance(stored, StoredSweep):
        snapshot = tallied(stored).snapshot
        document = stored_sweep_document(stored, snapshot)
        report = sweep_report(snapshot)
    else:
        document = stored_document(stored, per_token=arguments.per_token)
        report = run_report(stored.run, verbose=arguments.verbose)
    write_data(document_text(document) if arguments.json else page_text(Group(report, *_making(stored))))
    return 0


def _making(stored: StoredRun | StoredSweep) -> Iterator[RenderableType]:
    line, origin, made = stored.line, stored.origin, stored.run if isinstance(stored, StoredRun) else stored.sweep
    yield Text("\nHow this run was made", "bold")
    if made.failure is not None:
        yield Text(safe_line(f"it did not end well: {made.failure}"), "bold")
    yield Text(safe_line(f"run {line.run_id} · {line.state} · {_times(stored)} · from the {origin.interface}"))
    if origin.rerun_of:
        yield Text(safe_line(f"it repeats the run {origin.rerun_of}"))
    versions = {"quanttui": origin.quanttui_version, **made.environment.versions}
    yield Text(safe_line(" · ".join(f"{name} {version}" for name, version in versions.items())))
    if origin.weights_header_sha256:
        yield Text(f"headers of the weights: sha256 {origin.weights_header_sha256[:16]}…")
    if isinstance(stored, StoredSweep) and line.state in RESUMABLE:
        yield Text(f"to go on with it: quanttui sweep --resume {safe_line(line.run_id)}", overflow="fold")
    yield Text(f"again: {_again(stored)}", overflow="fold")


def _again(stored: StoredRun | StoredSweep) -> str:
    """The command that repeats it; where that cannot be shown as it is, or is too long, the one that knows it."""
    if isinstance(stored, StoredSweep):
        command = repeat_sweep(stored.sweep.request, stored.sweep.reference)
    else:
        command = repeat_command(stored.run)
    if safe_line(command) == command and len(command) <= _MAX_COMMAND:
        return command
    return f"quanttui history rerun {safe_line(stored.line.run_id)}"


def _times(stored: StoredRun | StoredSweep) -> str:
    line = stored.line
    began = datetime.fromtimestamp(line.started_seconds).strftime("began %Y-%m-%d %H:%M:%S")
    if line.ended_seconds is None or line.state is RunState.RUNNING:
        return began
    return f"{began}, took {format_seconds(line.ended_seconds - line.started_seconds)}"
