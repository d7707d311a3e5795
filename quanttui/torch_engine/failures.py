"""Turns what torch raises into errors a user can read, and lets go of the tensors their frames hold."""

from __future__ import annotations

import traceback
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch

from quanttui.errors import EngineDiedError, OutOfMemoryError, QuantTuiError

Event = TypeVar("Event")
Result = TypeVar("Result")

_ALLOCATOR_WORDS = ("can't allocate memory", "not enough memory", "out of memory", "failed to allocate")
_POISONED_WORDS = ("CUDA error", "CUBLAS_STATUS", "CUDNN_STATUS", "device-side assert")


def release_frames(error: BaseException) -> None:
    """Forget the locals of the frames that ``error`` and its causes went through: they may hold a whole model."""
    seen: BaseException | None = error
    while seen is not None:
        if seen.__traceback__ is not None:
            traceback.clear_frames(seen.__traceback__)
        seen = seen.__cause__ or seen.__context__


def reason_of(error: Exception) -> str:
    """A library's complaint on one line: the first of it, and the next where that one only announces it.

    A KeyError's own words are a bare name, which says nothing alone.
    """
    text = f"KeyError: {error}" if isinstance(error, KeyError) else str(error).strip()
    first, _, rest = text.partition("\n")
    following = rest.strip().partition("\n")[0] if first.endswith(":") else ""
    return f"{first} {following}".strip()


def as_user_error(error: BaseException, doing: str) -> QuantTuiError | None:
    """What a user can be told of ``error``, or None where it is a defect. ``doing``: "loading nf4"."""
    if isinstance(error, QuantTuiError):
        return error
    text = str(error)
    first_line = text.strip().partition("\n")[0]
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or _has(text.lower(), _ALLOCATOR_WORDS):
        return OutOfMemoryError(
            f"out of memory while {doing}: {first_line or 'the host has no room'}",
            "Choose a smaller model or variant, or fewer tokens; free the memory that others use.",
        )
    if isinstance(error, RuntimeError) and _has(text, _POISONED_WORDS):
        return EngineDiedError(f"the GPU failed while {doing}: {first_line}", "Run again: a fresh engine starts.")
    return None


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise what a user can read in place of what torch says; defects pass as they are."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        problem = as_user_error(error, doing)
        if problem is None:
            raise
        release_frames(error)
        raise problem from None


def frames_released(work: Generator[Event, None, Result]) -> Generator[Event, None, Result]:
    """``work``; where it fails its frames forget their locals: a model can be unloaded while the error is kept."""
    try:
        return (yield from work)
    except BaseException as error:
        release_frames(error)
        raise


def _has(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)
