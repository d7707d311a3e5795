"""The errors a user can meet. Each says what happened, why, and what to do next; none knows how it is shown. And the
beginning that many hints have."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class QuantTuiError(Exception):
    """Something a user has to know.

    ``message`` says what happened and why, in one line; ``hint`` is the next thing to do (a command, a key), or "".
    ``why`` is the cause where it needs a line of its own, else "". All may hold untrusted text: whoever shows them
    passes them through ``quanttui.text.safe_text``.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "", *, why: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.why = why

    def __str__(self) -> str:
        return "\n".join(filter(None, (self.message, self.why, self.hint)))


class UsageError(QuantTuiError):
    """What was asked for cannot be: an unknown variant, an empty prompt, a folder that is no model."""

    exit_code = 2


class LoadError(QuantTuiError):
    """A model's files cannot be turned into a model."""


class VariantUnsupportedError(QuantTuiError):
    """This variant cannot run on this device, or on a model of this shape."""


class OutOfMemoryError(QuantTuiError):
    """The device, or the host, has no room for what was asked."""


class MeasurementError(QuantTuiError):
    """A figure would mean nothing: NaN or infinite logits, other vocabularies. No number is given in its place."""


class EngineDiedError(QuantTuiError):
    """The engine process ended in the middle of its work. The next run starts a fresh one."""


class HistoryError(QuantTuiError):
    """The history cannot be read or written. A run goes on without it."""


class CacheError(QuantTuiError):
    """What a sweep keeps on the disk cannot be written there."""


class CancelledError(QuantTuiError):
    """The user stopped the work. Not a failure: what was made until then is kept."""

    exit_code = 130


def did_you_mean(word: str, known: Iterable[str], *, cutoff: float = 0.6, lead: str = "") -> str:
    """``Did you mean x? `` to begin a hint with, ``lead`` before the x; "" where nothing that is ``known`` is near."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return f"Did you mean {lead}{close[0]}? " if close else ""
