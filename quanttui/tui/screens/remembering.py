"""What the cockpit shows as chosen, as a value to remember. Reads the screen; writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quanttui.records import ModelEntry, ModelSource
from quanttui.session import Session
from quanttui.tui.widgets.prompt_editor import PromptEditor
from quanttui.tui.widgets.settings_row import SettingsRow

if TYPE_CHECKING:
    from quanttui.tui.screens.main import MainScreen


def session_of(screen: MainScreen) -> Session:
    """Settings with a mistake in them count as they were at the start."""
    choices, selection = screen.services.choices, screen.selection
    return Session(
        model=name_of(selection.model) if selection.model is not None else choices.model_id,
        prompt=screen.query_one(PromptEditor).text,
        reference=selection.chosen_reference,
        candidates=selection.candidates,
        generation=screen.query_one(SettingsRow).read().settings or choices.settings,
        theme=screen.app.theme,
        warm_up_seconds=screen.waiting.warm_up_seconds,
        sweep=screen.sweep_choices,
    )


def name_of(entry: ModelEntry) -> str:
    """What finds ``entry`` again, wherever the next start is made from."""
    return entry.path if entry.source is ModelSource.FOLDER else entry.id
