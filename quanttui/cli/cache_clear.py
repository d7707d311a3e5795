"""``quanttui cache clear``: gives the room back. Nothing is lost but time, so it does not ask."""

from __future__ import annotations

from argparse import Namespace

from quanttui.cache.sides import Cleared, SideCache
from quanttui.cli.arguments import Parser
from quanttui.cli.side_cache import side_cache
from quanttui.cli.streams import write_data
from quanttui.errors import UsageError
from quanttui.runs.document import document_text
from quanttui.settings import Settings
from quanttui.units import format_bytes

DESCRIPTION = "Remove what sweeps have kept, all of it or the entries named. A sweep that runs keeps its own."


def add_arguments(parser: Parser) -> None:
    parser.add_argument("keys", metavar="KEY", nargs="*", help="the beginning of an entry's key; default: all of them")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: Namespace, settings: Settings) -> int:
    cache = side_cache(settings)
    keys = [_find(cache, text) for text in arguments.keys]
    done = [cache.clear(key) for key in dict.fromkeys(keys)] if keys else [cache.clear()]
    cleared = Cleared(
        sum(part.entries for part in done),
        sum(part.size_bytes for part in done),
        sum(part.left_in_use for part in done),
    )
    write_data(_document(cleared) if arguments.json else _words(cleared))
    return 0


def _find(cache: SideCache, text: str) -> str:
    found = [entry.key for entry in cache.entries() if text and entry.key.startswith(text)]
    if len(found) != 1:
        what = "more than one entry begins" if found else "no entry begins"
        raise UsageError(f"{what} with {text!r}", "quanttui cache lists them.")
    return found[0]


def _document(cleared: Cleared) -> str:
    return document_text(
        {
            "schema_version": 1,
            "removed": cleared.entries,
            "size_bytes": cleared.size_bytes,
            "left_in_use": cleared.left_in_use,
        }
    )


def _words(cleared: Cleared) -> str:
    entries = "1 entry" if cleared.entries == 1 else f"{cleared.entries} entries"
    left = f"; left because a sweep uses it: {cleared.left_in_use}" if cleared.left_in_use else ""
    return f"removed {entries}, {format_bytes(cleared.size_bytes)}{left}\n"
