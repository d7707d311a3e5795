"""Reads the prompts and texts that a sweep's form names. Runs off the UI thread: files may be large, or far away."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from quanttui.errors import UsageError
from quanttui.records import EvaluationText, SuitePrompt
from quanttui.suite.built_in import built_in_categories, built_in_prompts, built_in_text
from quanttui.suite.prompt_files import read_prompts
from quanttui.suite.sources import BUILT_IN, SUITE
from quanttui.suite.text_files import read_texts


def prompts_of(categories: Sequence[str], own: str) -> tuple[SuitePrompt, ...]:
    """Those of the built-in suite in ``categories``, then the user's ``own``, named apart. Raises UsageError."""
    built_in = tuple(prompt for prompt in built_in_prompts() if prompt.category in categories)
    taken = {prompt.id for prompt in built_in}
    mine = read_prompts(_path(own)) if own else ()
    return built_in + tuple(replace(each, id=f"own {each.id}") if each.id in taken else each for each in mine)


def texts_of(own: str, *, built_in: bool) -> tuple[EvaluationText, ...]:
    """Raises UsageError."""
    return ((built_in_text(),) if built_in else ()) + (read_texts(_path(own)) if own else ())


def prompts_source(categories: Sequence[str], own: str) -> str:
    """As a command line names them; "" where it cannot: the suite and a file at once."""
    if categories and own:
        return ""
    if own:
        return str(_path(own).absolute())
    if tuple(categories) == built_in_categories():
        return SUITE
    return f"{SUITE}:{','.join(categories)}" if categories else ""


def texts_sources(own: str, *, built_in: bool) -> tuple[str, ...]:
    return (*((BUILT_IN,) if built_in else ()), *((str(_path(own).absolute()),) if own else ()))


def _path(typed: str) -> Path:
    if "\0" in typed:
        raise UsageError("a file's name holds no NUL", "Name another file.")
    return Path(os.path.expanduser(typed))
