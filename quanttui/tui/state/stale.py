"""Says whether what is chosen now is what the run on the screen was asked for. Pure."""

from __future__ import annotations

from quanttui.records import GenerationSettings
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.selection import Selection


def choices_changed(run: RunView, selection: Selection, prompt: str, settings: GenerationSettings | None) -> bool:
    """Whether another run with these choices would ask for something else than ``run`` did."""
    request = run.request
    asked = (request.model.path, request.candidates, request.prompts, request.generation)
    chosen = (selection.model and selection.model.path, selection.candidates, (prompt,), settings)
    return asked != chosen or not _same_reference(run, selection)


def _same_reference(run: RunView, selection: Selection) -> bool:
    """The default reference and the same variant chosen by hand are one."""
    ran = run.reference.variant if run.reference is not None else None
    return selection.chosen_reference == run.request.reference or selection.reference == ran
