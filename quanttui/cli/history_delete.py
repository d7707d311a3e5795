"""``quanttui history delete``: asks on a terminal, wants ``--yes`` elsewhere."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence

from quanttui.cli.arguments import Parser
from quanttui.cli.recording import history_path
from quanttui.cli.streams import ask, is_terminal, write_data
from quanttui.errors import CancelledError, UsageError
from quanttui.runs.document import document_text
from quanttui.runs.store import RunStore
from quanttui.settings import Settings

DESCRIPTION = "Delete runs and all that is kept of them. What is deleted is gone."


def add_arguments(parser: Parser) -> None:
    parser.add_argument("run_ids", metavar="RUN", nargs="+", help="the beginning of its id, or latest")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: Namespace, settings: Settings) -> int:
    with RunStore.open_existing(history_path(settings)) as store:
        run_ids = list(dict.fromkeys(store.find(text) for text in arguments.run_ids))
        if not arguments.yes:
            _ask(run_ids)
        store.delete(run_ids)
    if arguments.json:
        write_data(document_text({"schema_version": 1, "deleted": [{"run_id": run_id} for run_id in run_ids]}))
    else:
        write_data("".join(f"deleted {run_id}\n" for run_id in run_ids))
    return 0


def _ask(run_ids: Sequence[str]) -> None:
    what = f"run {run_ids[0]}" if len(run_ids) == 1 else f"{len(run_ids)} runs ({', '.join(run_ids)})"
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise UsageError(f"nobody is there to confirm that the {what} shall go", "Add --yes to delete without asking.")
    if not ask(f"Delete the {what}? [y/N] "):
        raise CancelledError("nothing was deleted")
