"""``quanttui export``: runs and sweeps of the history as files to hand on. Decides where they go; ``runs`` makes their
content."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from quanttui.cli.arguments import Parser
from quanttui.cli.pictures import SVG, export_pictures, export_sweep_pictures
from quanttui.cli.pictures import WORDS as PICTURE_WORDS
from quanttui.cli.recording import history_path
from quanttui.cli.stored_sweeps import tallied
from quanttui.cli.streams import write_data
from quanttui.errors import UsageError
from quanttui.records import SweepSnapshot, Variant
from quanttui.records.history import RunKind, StoredRun, StoredSweep
from quanttui.runs.document import document_text
from quanttui.runs.export.formats import FORMATS, ExportedFile, export_runs, run_schema, sweep_schema
from quanttui.runs.export.privacy import Privacy, privacy_of
from quanttui.runs.export.sweep_formats import export_sweeps
from quanttui.runs.export.writing import write_private
from quanttui.runs.store import RunStore
from quanttui.settings import Settings
from quanttui.text import safe_text
from quanttui.variants import parse_variant

DESCRIPTION = """\
Write runs and sweeps of the history as files: reports, tables, a quant card, a script that repeats a load.

  quanttui export latest --format markdown
  quanttui export latest --card --variant nf4 -o -
"""
STDOUT = "-"


def add_arguments(parser: Parser) -> None:
    parser.add_argument(
        "runs", metavar="RUN", nargs="*", help="a run's or a sweep's id or its beginning, or latest (the default)"
    )  # fmt: skip
    words = "; ".join(f"{made.name}: {made.words}" for made in FORMATS.values()) + f"; {SVG}: {PICTURE_WORDS}"
    parser.add_argument(
        "--format", metavar="FORMAT", action="append", help=f"{words}; again for more; default: markdown"
    )
    parser.add_argument("--card", action="store_true", help="the same as --format card")
    parser.add_argument("--variant", metavar="VARIANT", help="of which variant, for the card and the script")
    parser.add_argument("-o", "--output", metavar="FOLDER", default=".", help="where to put the files; - prints one")
    parser.add_argument("--force", action="store_true", help="write over files that exist")
    parser.add_argument("--json", action="store_true", help="print what was written as one JSON document")
    parser.add_argument(
        "--schema", nargs="?", const=RunKind.COMPARE.value, choices=[kind.value for kind in RunKind],
        help="print the JSON Schema of the json format: of a comparison (unless named), or of a sweep"
    )  # fmt: skip


def run(arguments: Namespace, settings: Settings) -> int:
    if arguments.schema:
        write_data(sweep_schema() if arguments.schema == RunKind.SWEEP else run_schema())
        return 0
    made = _make(_read(settings, arguments.runs or ["latest"]), arguments)
    if arguments.output == STDOUT:
        write_data(_only(made).content)
        return 0
    paths = [Path(arguments.output).expanduser() / file.name for _, file in made]
    _refuse_existing(paths, force=arguments.force)
    for path, (_, file) in zip(paths, made, strict=True):
        write_private(path, file.content, overwrite=arguments.force)
    write_data(_written(arguments, made, paths))
    return 0


def _read(settings: Settings, names: Sequence[str]) -> list[StoredRun | StoredSweep]:
    with RunStore.open_existing(history_path(settings)) as store:
        return [store.read_any(run_id) for run_id in dict.fromkeys(store.find(name) for name in names)]


def _make(stored: Sequence[StoredRun | StoredSweep], arguments: Namespace) -> list[tuple[str, ExportedFile]]:
    """The files of every format: those of comparisons first, then those of sweeps."""
    variant = parse_variant(arguments.variant) if arguments.variant else None
    formats = [*(arguments.format or ()), *(["card"] if arguments.card else [])] or ["markdown"]
    privacy = privacy_of(os.environ)
    _refuse_unknown(formats)
    runs = [each for each in stored if isinstance(each, StoredRun)]
    sweeps = [tallied(each).snapshot for each in stored if isinstance(each, StoredSweep)]
    made: list[tuple[str, ExportedFile]] = []
    for name in dict.fromkeys(formats):
        made += [(name, file) for file in _of_runs(runs, name, variant, privacy)] if runs else []
        made += [(name, file) for file in _of_sweeps(sweeps, name, variant, privacy)] if sweeps else []
    return made


def _of_runs(runs: Sequence[StoredRun], name: str, variant: Variant | None, privacy: Privacy) -> Sequence[ExportedFile]:
    if name == SVG:
        return export_pictures(runs, privacy)
    return export_runs([each.run for each in runs], name, variant, privacy)


def _of_sweeps(
    sweeps: Sequence[SweepSnapshot], name: str, variant: Variant | None, privacy: Privacy
) -> Sequence[ExportedFile]:
    if name == SVG:
        return export_sweep_pictures(sweeps, privacy)
    return export_sweeps(sweeps, name, variant, privacy)


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
