"""``quanttui cache``: what sweeps have kept of their references, how much room it takes, and where."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from quanttui.cache.sides import SideCache, SideEntry
from quanttui.cli.arguments import Parser
from quanttui.cli.page import page_text, plain_table
from quanttui.cli.side_cache import side_cache
from quanttui.cli.streams import write_data
from quanttui.runs.document import document_text
from quanttui.settings import Settings
from quanttui.text import safe_line
from quanttui.units import NOT_AVAILABLE, format_bytes

DESCRIPTION = """\
List what sweeps have kept of their references. A later sweep of the same model, text and settings reads it again in
place of the reference; what is used least recently goes first where the limit is reached.
"""


def add_arguments(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: Namespace, settings: Settings) -> int:
    cache = side_cache(settings)
    entries = cache.entries()
    write_data(_document(cache, entries) if arguments.json else page_text(_page(cache, entries)))
    return 0


def _document(cache: SideCache, entries: Sequence[SideEntry]) -> str:
    return document_text(
        {
            "schema_version": 1,
            "path": str(cache.root),
            "size_bytes": sum(entry.size_bytes for entry in entries),
            "limit_bytes": cache.limit_bytes,
            "entries": [_row(entry) for entry in entries],
        }
    )


def _row(entry: SideEntry) -> dict[str, object]:
    return {
        "key": entry.key,
        "model": entry.group.model if entry.group else None,
        "reference": entry.group.reference if entry.group else None,
        "texts": entry.texts,
        "size_bytes": entry.size_bytes,
        "last_used_seconds": entry.last_used_seconds,
        "in_use": entry.in_use,
    }


def _page(cache: SideCache, entries: Sequence[SideEntry]) -> RenderableType:
    used = format_bytes(sum(entry.size_bytes for entry in entries))
    total = Text(safe_line(f"{used} of {format_bytes(cache.limit_bytes)} in {cache.root}"))
    return Group(_table(entries), Text(), total) if entries else Group(Text("nothing is kept"), total)


def _table(entries: Sequence[SideEntry]) -> Table:
    table = plain_table("key", "model", "reference", "texts", "size", "last used", left=(0, 1, 2, 5))
    for entry in entries:
        group = entry.group
        table.add_row(
            safe_line(entry.key[:12]),
            safe_line(group.model) if group else NOT_AVAILABLE,
            safe_line(group.reference) if group else NOT_AVAILABLE,
            f"{entry.texts:,}",
            format_bytes(entry.size_bytes),
            "now" if entry.in_use else _when(entry.last_used_seconds),
        )
    return table


def _when(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M}" if seconds else NOT_AVAILABLE
