"""Runs of the history as pictures of the screen that shows them, sweeps as their plots. Imports the screen only
where one is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from quanttui.errors import UsageError
from quanttui.records import SweepSnapshot
from quanttui.records.history import StoredRun
from quanttui.runs.export.formats import ExportedFile
from quanttui.runs.export.names import export_name
from quanttui.runs.export.picture import ENDING, private_picture
from quanttui.runs.export.privacy import Privacy

SVG = "svg"
WORDS = "a picture of the screen that shows the run, 120 by 40 cells; of a sweep, its plot and its categories"


def export_pictures(runs: Sequence[StoredRun], privacy: Privacy) -> list[ExportedFile]:
    """One each."""
    from quanttui.tui.picture import run_picture

    return [_file(stored, run_picture(stored), privacy) for stored in runs]


def export_sweep_pictures(snapshots: Sequence[SweepSnapshot], privacy: Privacy) -> list[ExportedFile]:
    """Plot and categories of each. Raises UsageError where there is nothing to paint."""
    from quanttui.tui.sweep_picture import sweep_pictures

    made: list[ExportedFile] = []
    for snapshot in snapshots:
        request, pictures = snapshot.request, sweep_pictures(snapshot)
        if not pictures:
            raise UsageError(
                f"the sweep {request.run_id} measured nothing that could be painted", "Go on with it, or run it again."
            )
        for part, svg in pictures.items():
            name = export_name(request.model.id, request.run_id, f"{part}.{ENDING}")
            made.append(ExportedFile(name, private_picture(svg, privacy)))
    return made


def _file(stored: StoredRun, svg: str, privacy: Privacy) -> ExportedFile:
    name = export_name(stored.line.model_id, stored.line.run_id, ENDING)
    return ExportedFile(name, private_picture(svg, privacy))
