"""``quanttui history rerun``: the same request again, here and now, and what is not as it was then."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from quanttui import __version__
from quanttui.cli.arguments import Parser
from quanttui.cli.recording import history_path, recording_for, sweep_recording_for
from quanttui.cli.running import run_to_end, tell_end
from quanttui.cli.streams import say_note
from quanttui.cli.sweep_running import sweep_to_end, tell_sweep_end
from quanttui.errors import UsageError
from quanttui.models.again import find_again
from quanttui.models.weights_hash import weights_header_sha256
from quanttui.records import ModelEntry
from quanttui.records.history import RunOrigin, StoredRun, StoredSweep
from quanttui.runs.comparing import Difference, environment_differences
from quanttui.runs.comparing_sweeps import sweep_environment_differences
from quanttui.runs.identity import new_run_id
from quanttui.runs.store import RunStore
from quanttui.settings import Settings

DESCRIPTION = "Run a kept run's or sweep's request again. On the same machine a greedy run gives the same tokens."


def add_arguments(parser: Parser) -> None:
    parser.add_argument("run_id", metavar="RUN", help="the beginning of its id, or latest")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--per-token", action="store_true", help="with --json: every scored token too")
    parser.add_argument("-v", "--verbose", action="store_true", help="also the options of every load (--json has them)")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress on stderr, nor what differs")
    parser.add_argument("--no-history", action="store_true", help="do not keep the new run")
    parser.add_argument(
        "--in-process", action="store_true", default=None, help="run the engine in this process, without a child"
    )


def run(arguments: Namespace, settings: Settings) -> int:
    with RunStore.open_existing(history_path(settings)) as store:
        before = store.read_any(store.find(arguments.run_id))
    if isinstance(before, StoredSweep):
        return _sweep_again(before, arguments, settings)
    return _run_again(before, arguments, settings)


def _run_again(before: StoredRun, arguments: Namespace, settings: Settings) -> int:
    asked = before.run.request
    request = replace(asked, run_id=new_run_id(), model=find_again(asked.model))
    record = recording_for(settings, wanted=not arguments.no_history, rerun_of=before.line.run_id)
    last = run_to_end(request, settings, record, quiet=arguments.quiet)
    if last.run is not None and not arguments.quiet:
        origin = _origin_now(before.origin, request.model)
        _say_changes(environment_differences(before, replace(before, run=last.run, origin=origin)))
        _say_weights(before, origin)
    return tell_end(last, json=arguments.json, per_token=arguments.per_token, verbose=arguments.verbose)


def _sweep_again(before: StoredSweep, arguments: Namespace, settings: Settings) -> int:
    if arguments.per_token:
        raise UsageError("a sweep has no tokens to show one by one", "Leave --per-token out.")
    asked = before.sweep.request
    request = replace(asked, run_id=new_run_id(), model=find_again(asked.model))
    record = sweep_recording_for(settings, wanted=not arguments.no_history, rerun_of=before.line.run_id)
    last, kept = sweep_to_end(request, settings, record, quiet=arguments.quiet)
    if last.sweep is not None and not arguments.quiet:
        origin = _origin_now(before.origin, request.model)
        _say_changes(sweep_environment_differences(before, replace(before, sweep=last.sweep, origin=origin)))
        _say_weights(before, origin)
    return tell_sweep_end(last, json=arguments.json, kept=kept)


def _origin_now(before: RunOrigin, model: ModelEntry) -> RunOrigin:
    return replace(
        before, quanttui_version=__version__, weights_header_sha256=weights_header_sha256(Path(model.path))
    )  # fmt: skip


def _say_changes(changes: Sequence[Difference]) -> None:
    for change in changes:
        say_note(f"{change.name} was {change.first or 'not there'}, is {change.second or 'not there'}")


def _say_weights(before: StoredRun | StoredSweep, now: RunOrigin) -> None:
    ours, theirs = before.origin.weights_header_sha256, now.weights_header_sha256
    if ours and ours != theirs:
        say_note(f"the headers of the model's weights are not those of the run {before.line.run_id}")
