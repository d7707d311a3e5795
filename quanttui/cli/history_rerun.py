"""``quanttui history rerun``: the same request again, here and now, and what is not as it was then."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from quanttui import __version__
from quanttui.cli.arguments import Parser
from quanttui.cli.recording import history_path, recording_for
from quanttui.cli.running import run_to_end, tell_end
from quanttui.cli.streams import say_note
from quanttui.models.again import find_again
from quanttui.models.weights_hash import weights_header_sha256
from quanttui.records import RunRequest
from quanttui.records.history import StoredRun
from quanttui.runs.comparing import environment_differences
from quanttui.runs.identity import new_run_id
from quanttui.runs.store import RunStore
from quanttui.settings import Settings

DESCRIPTION = "Run a kept run's request again. On the same machine a greedy run gives the same tokens."


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
        before = store.read(store.find(arguments.run_id))
    request = _again(before.run.request)
    record = recording_for(settings, wanted=not arguments.no_history, rerun_of=before.line.run_id)
    last = run_to_end(request, settings, record, quiet=arguments.quiet)
    if last.run is not None and not arguments.quiet:
        weights = weights_header_sha256(Path(request.model.path))
        origin = replace(before.origin, quanttui_version=__version__, weights_header_sha256=weights)
        _say_changes(before, replace(before, run=last.run, origin=origin))
    return tell_end(last, json=arguments.json, per_token=arguments.per_token, verbose=arguments.verbose)


def _again(request: RunRequest) -> RunRequest:
    return replace(request, run_id=new_run_id(), model=find_again(request.model))


def _say_changes(before: StoredRun, now: StoredRun) -> None:
    for change in environment_differences(before, now):
        say_note(f"{change.name} was {change.first or 'not there'}, is {change.second or 'not there'}")
    ours, theirs = before.origin.weights_header_sha256, now.origin.weights_header_sha256
    if ours and ours != theirs:
        say_note(f"the headers of the model's weights are not those of the run {before.line.run_id}")
