"""Reads the catalogue of models off the UI thread: a cold Hugging Face cache takes its time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.message import Message

from quanttui.errors import QuantTuiError
from quanttui.records import ModelEntry
from quanttui.tui.messages import ModelsFailed, ModelsListed, Problem


def list_models(
    read: Callable[[], Sequence[ModelEntry]],
    find: Callable[[str], ModelEntry],
    wanted: str | None,
    post: Callable[[Message], object],
) -> None:
    """The body of a worker thread. ``wanted``: the model to choose first, in the catalogue or not."""
    try:
        entries = tuple(read())
        chosen = next((entry for entry in entries if entry.id == wanted), None)
        if wanted is not None and chosen is None:
            post(_with_found(entries, find, wanted))
        else:
            post(ModelsListed(entries, chosen))
    except QuantTuiError as error:
        post(ModelsFailed(Problem(error.message, error.hint)))
    except OSError as error:
        post(ModelsFailed(Problem(f"the models cannot be listed: {error}")))


def _with_found(entries: tuple[ModelEntry, ...], find: Callable[[str], ModelEntry], wanted: str) -> ModelsListed:
    """A folder, say, that was opened at the last start; it may be gone."""
    try:
        found = find(wanted)
    except QuantTuiError as error:
        return ModelsListed(entries, missing=Problem(error.message, error.hint))
    return ModelsListed((*entries, found), found)
