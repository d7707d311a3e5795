"""``quanttui models`` or ``quanttui models list``: which models can be compared here, and what keeps others from it."""

from __future__ import annotations

import os
import time
from argparse import Namespace
from dataclasses import asdict

from rich.table import Table
from rich.text import Text

from quanttui.cli.arguments import Parser
from quanttui.cli.page import page_text, plain_table
from quanttui.cli.streams import write_data
from quanttui.models.catalog import list_models
from quanttui.models.choosing import ModelOrder, filter_models, sort_models
from quanttui.records import ModelEntry
from quanttui.runs.document import document_text
from quanttui.settings import Settings
from quanttui.text import safe_line
from quanttui.units import NOT_AVAILABLE, format_bytes, format_count

DESCRIPTION = "List the models that can be compared: the demo, folders that you name, and the Hugging Face cache."


def add_arguments(parser: Parser) -> None:
    parser.add_argument("folders", metavar="FOLDER", nargs="*", help="a model's folder to look at too")
    parser.add_argument(
        "--filter", metavar="LETTERS", default="", help="those that hold the letters in order, best first"
    )
    parser.add_argument("--sort", choices=[str(order) for order in ModelOrder], help="by name, size or last use")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: Namespace, settings: Settings) -> int:
    models = [match.entry for match in filter_models(arguments.filter, list_models(arguments.folders, os.environ))]
    if arguments.sort:
        models = sort_models(models, ModelOrder(arguments.sort))
    if arguments.json:
        write_data(document_text({"schema_version": 1, "models": [asdict(entry) for entry in models]}))
    else:
        write_data(page_text(_table(models)))
    return 0


def _table(models: list[ModelEntry]) -> Table:
    table = plain_table(
        "model", "size", "params", "dtype", "context", "used", "architecture", "problem", left=(0, 6, 7)
    )
    for entry in models:
        table.add_row(
            Text(safe_line(entry.id)),
            format_bytes(entry.size_bytes),
            format_count(entry.parameter_count),
            str(entry.prequantized or entry.dtype or NOT_AVAILABLE),
            NOT_AVAILABLE if entry.context_length is None else str(entry.context_length),
            _age(entry.last_used_seconds),
            Text(safe_line(entry.architecture or NOT_AVAILABLE)),
            Text(safe_line(entry.problem or ""), "yellow"),
        )
    return table


def _age(seconds: float | None) -> str:
    """How long ago, in whole days or years; a file of the future is of today."""
    if seconds is None:
        return NOT_AVAILABLE
    days = int((time.time() - seconds) // 86_400)
    if days < 1:
        return "today"
    return f"{days} d ago" if days < 365 else f"{days // 365} y ago"
