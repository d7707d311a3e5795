"""Runs of the history as pictures of the screen that shows them. Imports the screen only where one is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from quanttui.records.history import StoredRun
from quanttui.runs.export.formats import ExportedFile
from quanttui.runs.export.names import export_name
from quanttui.runs.export.picture import ENDING, private_picture
from quanttui.runs.export.privacy import Privacy

SVG = "svg"
WORDS = "a picture of the screen that shows the run, 120 by 40 cells"


def export_pictures(runs: Sequence[StoredRun], privacy: Privacy) -> list[ExportedFile]:
    """One each."""
    from quanttui.tui.picture import run_picture

    return [_file(stored, run_picture(stored), privacy) for stored in runs]


def _file(stored: StoredRun, svg: str, privacy: Privacy) -> ExportedFile:
    name = export_name(stored.line.model_id, stored.line.run_id, ENDING)
    return ExportedFile(name, private_picture(svg, privacy))
