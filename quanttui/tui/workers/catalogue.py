"""Reads the catalogue of models off the UI thread, and tells of it as it goes: a cold cache takes its time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from textual.message import Message

from quanttui.errors import QuantTuiError
from quanttui.records import ModelEntry
from quanttui.tui.messages import ModelsFailed, ModelsFound, ModelsListed, Problem, problem_of

_TELL_SECONDS = 0.2
Post = Callable[[Message], object]


def list_models(
    read: Callable[[], Iterable[ModelEntry]],
    find: Callable[[str], ModelEntry],
    wanted: str | None,
    post: Post,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """The body of a worker thread. ``wanted``: the model to choose first, in the catalogue or not; None: the first."""
    try:
        entries, chosen = _tell_all(read(), wanted, post, clock)
        if wanted is not None and chosen is None:
            post(_with_found(entries, find, wanted))
        else:
            post(ModelsListed(entries, chosen))
    except QuantTuiError as error:
        post(ModelsFailed(problem_of(error)))
    except OSError as error:
        post(ModelsFailed(Problem(f"the models cannot be listed: {error}")))


def _tell_all(
    found: Iterable[ModelEntry], wanted: str | None, post: Post, clock: Callable[[], float]
) -> tuple[tuple[ModelEntry, ...], ModelEntry | None]:
    """Tells of the first at once, of the others some at a time; all of them, and the wanted one."""
    entries: list[ModelEntry] = []
    chosen: ModelEntry | None = None
    told: float | None = None
    for entry in found:
        entries.append(entry)
        if chosen is None and wanted in (None, entry.id):
            chosen = entry
        if told is None or clock() - told >= _TELL_SECONDS:
            post(ModelsFound(tuple(entries), chosen))
            told = clock()
    return tuple(entries), chosen


def _with_found(entries: tuple[ModelEntry, ...], find: Callable[[str], ModelEntry], wanted: str) -> ModelsListed:
    """A folder, say, that was opened at the last start; it may be gone."""
    try:
        found = find(wanted)
    except QuantTuiError as error:
        return ModelsListed(entries, missing=problem_of(error))
    return ModelsListed((*entries, found), found)
