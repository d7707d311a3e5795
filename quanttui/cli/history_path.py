"""``quanttui history path``: where the database of runs lies."""

from __future__ import annotations

from argparse import Namespace

from quanttui.cli.arguments import Parser
from quanttui.cli.recording import history_path
from quanttui.cli.streams import write_data
from quanttui.runs.document import document_text
from quanttui.settings import Settings
from quanttui.text import safe_line

DESCRIPTION = "Print where the database of runs lies (an SQLite file; it need not exist yet)."


def add_arguments(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: Namespace, settings: Settings) -> int:
    path = history_path(settings)
    if arguments.json:
        write_data(document_text({"schema_version": 1, "path": str(path), "exists": path.exists()}))
    else:
        write_data(safe_line(str(path)) + "\n")
    return 0
