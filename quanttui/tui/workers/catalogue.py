"""Reads the catalogue of models off the UI thread: a cold Hugging Face cache takes its time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.message import Message

from quanttui.errors import QuantTuiError
from quanttui.records import ModelEntry
from quanttui.tui.messages import ModelsFailed, ModelsListed, Problem


def list_models(read: Callable[[], Sequence[ModelEntry]], post: Callable[[Message], object]) -> None:
    """The body of a worker thread."""
    try:
        post(ModelsListed(tuple(read())))
    except QuantTuiError as error:
        post(ModelsFailed(Problem(error.message, error.hint)))
    except OSError as error:
        post(ModelsFailed(Problem(f"the models cannot be listed: {error}")))
