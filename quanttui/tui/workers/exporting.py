"""Writes runs and a picture as files, all of them or none. Runs off the UI thread; knows no widget."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from quanttui.errors import UsageError
from quanttui.records import Run, SweepSnapshot, Variant
from quanttui.runs.export.formats import FORMATS, ExportedFile, export_runs
from quanttui.runs.export.names import export_name
from quanttui.runs.export.picture import ENDING, private_picture
from quanttui.runs.export.privacy import Privacy
from quanttui.runs.export.sweep_formats import export_sweeps
from quanttui.runs.export.writing import write_private
from quanttui.variants import parse_variant

PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class ExportWish:
    """``formats``: names of ``FORMATS``, and ``picture``. ``variant``: a spelling, for what is made of one variant;
    "": of each that was measured. Folder and variant are as they were typed."""

    formats: tuple[str, ...]
    folder: str
    variant: str = ""
    overwrite: bool = False


def write_export(runs: Sequence[Run], wish: ExportWish, picture: str | None, privacy: Privacy) -> tuple[Path, ...]:
    """The files that were written. Raises UsageError or ExportError, and then none was, unless the disk failed."""
    if not wish.formats:
        raise UsageError("no format is ticked", "Space ticks one.")
    return _write([file for name in wish.formats for file in _files(runs, name, wish, picture, privacy)], wish)


def write_sweep_export(snapshots: Sequence[SweepSnapshot], wish: ExportWish, privacy: Privacy) -> tuple[Path, ...]:
    """The same of sweeps; a picture is the plot, and the table of categories where there is one."""
    if not wish.formats:
        raise UsageError("no format is ticked", "Space ticks one.")
    return _write([file for name in wish.formats for file in _sweep_files(snapshots, name, wish, privacy)], wish)


def _write(files: Sequence[ExportedFile], wish: ExportWish) -> tuple[Path, ...]:
    folder = _folder(wish.folder)
    paths = tuple(folder / file.name for file in files)
    _refuse_existing(paths, overwrite=wish.overwrite)
    for path, file in zip(paths, files, strict=True):
        write_private(path, file.content, overwrite=wish.overwrite)
    return paths


def _sweep_files(
    snapshots: Sequence[SweepSnapshot], name: str, wish: ExportWish, privacy: Privacy
) -> Iterator[ExportedFile]:
    variant = parse_variant(wish.variant.strip()) if wish.variant.strip() else None
    if name != PICTURE:
        yield from export_sweeps(snapshots, name, variant, privacy)
        return
    from quanttui.tui.sweep_picture import sweep_pictures  # numpy and the plot behind it

    for snapshot in snapshots:
        request, pictures = snapshot.request, sweep_pictures(snapshot)
        if not pictures:
            raise UsageError("nothing was measured that could be painted", "Untick the picture.")
        for part, picture in pictures.items():
            file_name = export_name(f"{request.model.id} {part}", request.run_id, ENDING)
            yield ExportedFile(file_name, private_picture(picture, privacy))


def _files(
    runs: Sequence[Run], name: str, wish: ExportWish, picture: str | None, privacy: Privacy
) -> Iterator[ExportedFile]:
    if name == PICTURE:
        if picture is not None:
            request = runs[0].request
            yield ExportedFile(
                export_name(request.model.id, request.run_id, ENDING), private_picture(picture, privacy)
            )  # fmt: skip
    elif not FORMATS[name].of_variant:
        yield from export_runs(runs, name, None, privacy)
    else:
        for run in runs:
            for variant in _variants(run, wish.variant):
                yield from export_runs([run], name, variant, privacy)


def _variants(run: Run, typed: str) -> Sequence[Variant]:
    if typed.strip():
        return [parse_variant(typed.strip())]
    measured = [summary.variant for summary in run.summaries]
    if not measured:
        raise UsageError("no candidate of this run was measured", "Untick card and script, or name a variant.")
    return measured


def _folder(typed: str) -> Path:
    if "\0" in typed:
        raise UsageError("a folder's name holds no NUL", "Name another folder.")
    return Path(os.path.expanduser(typed.strip() or "."))


def _refuse_existing(paths: Sequence[Path], *, overwrite: bool) -> None:
    taken = [path for path in paths if os.path.lexists(path)]
    if taken and not overwrite:
        rest = f"and {len(taken) - 1} more exist" if len(taken) > 1 else "exists"
        hint = "Switch on that files are written over, or name another folder."
        raise UsageError(f"{taken[0]} {rest} already; nothing was written", hint)
