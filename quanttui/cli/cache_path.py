"""``quanttui cache path``: where what sweeps keep lies."""

from __future__ import annotations

from argparse import Namespace

from quanttui.cli.arguments import Parser
from quanttui.cli.side_cache import side_cache
from quanttui.cli.streams import write_data
from quanttui.runs.document import document_text
from quanttui.settings import Settings
from quanttui.text import safe_line

DESCRIPTION = "Print where what sweeps keep lies (a folder; it need not exist yet)."


def add_arguments(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: Namespace, settings: Settings) -> int:
    root = side_cache(settings).root
    if arguments.json:
        write_data(document_text({"schema_version": 1, "path": str(root), "exists": root.exists()}))
    else:
        write_data(safe_line(str(root)) + "\n")
    return 0
