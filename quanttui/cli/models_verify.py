"""``quanttui models verify``: whether a cached model's files are what the hub sent."""

from __future__ import annotations

import os
import re
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.text import Text

from quanttui.cli.arguments import Parser
from quanttui.cli.page import page_text, plain_table
from quanttui.cli.streams import is_terminal, say_error, wants_colour, write_data
from quanttui.errors import LoadError
from quanttui.models.catalog import resolve_model
from quanttui.models.verify import verify_files
from quanttui.records import ModelEntry, ModelSource
from quanttui.records.verification import FileChecked, FileState, HashProgress
from quanttui.runs.document import document_text
from quanttui.settings import Settings
from quanttui.text import safe_line
from quanttui.units import format_bytes

DESCRIPTION = "Read every file of a cached model and hold its hash against the hub's name for it. Exit code 1: damaged."
_PLAIN_ID = re.compile(r"[\w./-]+", re.ASCII)
_STYLES = {FileState.OK: "", FileState.DAMAGED: "bold red", FileState.UNKNOWN: "yellow"}
_WORDS = {FileState.OK: "ok", FileState.DAMAGED: "DAMAGED", FileState.UNKNOWN: "cannot be checked"}


def add_arguments(parser: Parser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a hub id in the cache, with @revision or without, or a folder")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: Namespace, settings: Settings) -> int:
    entry = resolve_model(arguments.model, os.environ)
    if entry.source is ModelSource.CACHE and entry.revision is None:
        raise LoadError(f"{entry.id} cannot be checked: {entry.problem}", _again(entry))
    checked = list(_checked(Path(entry.path)))
    damaged = [file.name for file in checked if file.state is FileState.DAMAGED]
    if arguments.json:
        write_data(_document(entry, checked))
    else:
        write_data(_page(checked))
    if damaged:
        say_error(_damage(entry, damaged))
    return 1 if damaged else 0


def _checked(folder: Path) -> Iterator[FileChecked]:
    with _progress() as progress:
        task = progress.add_task("Reading", total=None)
        for event in verify_files(folder):
            if isinstance(event, HashProgress):
                name = f"Reading {safe_line(event.name)}"
                progress.update(task, description=name, completed=event.done_bytes, total=event.total_bytes)
            else:
                yield event


@contextmanager
def _progress() -> Iterator[Progress]:
    """On a terminal's stderr alone."""
    console = Console(stderr=True, color_system="auto" if wants_colour(sys.stderr, os.environ) else None)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), DownloadColumn())
    is_shown = is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb"
    more = (TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, *more, console=console, transient=True, disable=not is_shown) as progress:
        yield progress


def _page(checked: list[FileChecked]) -> str:
    table = plain_table("file", "size", "state", "why", left=(0, 2, 3))
    for file in checked:
        state = Text(_WORDS[file.state], _STYLES[file.state])
        table.add_row(Text(safe_line(file.name)), format_bytes(file.size_bytes), state, Text(safe_line(file.reason)))
    return page_text(table) + "\n" + _sentence(checked) + "\n"


def _sentence(checked: list[FileChecked]) -> str:
    counts = {state: sum(file.state is state for file in checked) for state in FileState}
    parts = [f"{counts[state]} {_WORDS[state]}" for state in FileState if counts[state]]
    return f"{len(checked)} files: {', '.join(parts)}" if checked else "there are no files"


def _document(entry: ModelEntry, checked: list[FileChecked]) -> str:
    model = {"id": entry.id, "path": entry.path, "revision": entry.revision}
    return document_text({"schema_version": 1, "model": model, "files": [asdict(file) for file in checked]})


def _damage(entry: ModelEntry, names: list[str]) -> LoadError:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return LoadError(f"{entry.id} is damaged: {names[0]}{more}", _again(entry))


def _again(entry: ModelEntry) -> str:
    """Without ``--force-download`` the hub's client takes what lies in the cache for good."""
    repo_id = entry.id.partition("@")[0]
    if entry.source is not ModelSource.CACHE or not _PLAIN_ID.fullmatch(repo_id):
        return "Download the model again."
    revision = f"--revision {entry.revision} " if entry.revision else ""
    return f"`hf download {repo_id} {revision}--force-download` fetches it again."
