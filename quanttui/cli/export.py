"""``quanttui export``: runs of the history as files to hand on. Decides where they go; ``runs`` makes their content."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from quanttui.cli.arguments import Parser
from quanttui.cli.pictures import SVG, export_pictures
from quanttui.cli.pictures import WORDS as PICTURE_WORDS
from quanttui.cli.recording import history_path
from quanttui.cli.streams import write_data
from quanttui.errors import UsageError
from quanttui.records.history import StoredRun
from quanttui.runs.document import document_text
from quanttui.runs.export.formats import FORMATS, ExportedFile, export_runs, run_schema
from quanttui.runs.export.privacy import privacy_of
from quanttui.runs.export.writing import write_private
from quanttui.runs.store import RunStore
from quanttui.settings import Settings
from quanttui.text import safe_text
from quanttui.variants import parse_variant

DESCRIPTION = """\
Write runs of the history as files: reports, tables, a quant card, a script that repeats a load.

  quanttui export latest --format markdown
  quanttui export latest --card --variant nf4 -o -
"""
STDOUT = "-"


def add_arguments(parser: Parser) -> None:
    parser.add_argument("runs", metavar="RUN", nargs="*", help="a run's id or its beginning, or latest (the default)")
    words = "; ".join(f"{made.name}: {made.words}" for made in FORMATS.values()) + f"; {SVG}: {PICTURE_WORDS}"
    parser.add_argument(
        "--format", metavar="FORMAT", action="append", help=f"{words}; again for more; default: markdown"
    )
    parser.add_argument("--card", action="store_true", help="the same as --format card")
    parser.add_argument("--variant", metavar="VARIANT", help="of which variant, for the card and the script")
    parser.add_argument("-o", "--output", metavar="FOLDER", default=".", help="where to put the files; - prints one")
    parser.add_argument("--force", action="store_true", help="write over files that exist")
    parser.add_argument("--json", action="store_true", help="print what was written as one JSON document")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of the json format")


def run(arguments: Namespace, settings: Settings) -> int:
    if arguments.schema:
        write_data(run_schema())
        return 0
    runs = _read_runs(settings, arguments.runs or ["latest"])
    made = _make(runs, arguments)
    if arguments.output == STDOUT:
        write_data(_only(made).content)
        return 0
    paths = [Path(arguments.output).expanduser() / file.name for _, file in made]
    _refuse_existing(paths, force=arguments.force)
    for path, (_, file) in zip(paths, made, strict=True):
        write_private(path, file.content, overwrite=arguments.force)
    write_data(_written(arguments, made, paths))
    return 0


def _read_runs(settings: Settings, names: Sequence[str]) -> list[StoredRun]:
    with RunStore.open_existing(history_path(settings)) as store:
        return [store.read(run_id) for run_id in dict.fromkeys(store.find(name) for name in names)]


def _make(runs: Sequence[StoredRun], arguments: Namespace) -> list[tuple[str, ExportedFile]]:
    variant = parse_variant(arguments.variant) if arguments.variant else None
    formats = [*(arguments.format or ()), *(["card"] if arguments.card else [])] or ["markdown"]
    privacy = privacy_of(os.environ)
    _refuse_unknown(formats)
    made: list[tuple[str, ExportedFile]] = []
    for name in dict.fromkeys(formats):
        if name == SVG:
            made += [(name, file) for file in export_pictures(runs, privacy)]
        else:
            made += [(name, file) for file in export_runs([each.run for each in runs], name, variant, privacy)]
    return made


def _refuse_unknown(names: Sequence[str]) -> None:
    for name in names:
        if name not in (*FORMATS, SVG):
            raise UsageError(f"there is no export format {name!r}", f"Formats: {', '.join((*FORMATS, SVG))}")


def _only(made: list[tuple[str, ExportedFile]]) -> ExportedFile:
    if len(made) != 1:
        raise UsageError("-o - prints one file, and this makes several", "Name one run and one format, or a folder.")
    return made[0][1]


def _refuse_existing(paths: Sequence[Path], *, force: bool) -> None:
    """All or none: nothing is written where one of several files is in the way."""
    taken = [path for path in paths if os.path.lexists(path)]
    if taken and not force:
        raise UsageError(f"{taken[0]} exists", "--force writes over it; -o names another folder.")


def _written(arguments: Namespace, made: list[tuple[str, ExportedFile]], paths: Sequence[Path]) -> str:
    if arguments.json:
        rows = [{"format": name, "path": str(path)} for (name, _), path in zip(made, paths, strict=True)]
        return document_text({"schema_version": 1, "files": rows})
    return "".join(f"{safe_text(str(path))}\n" for path in paths)
