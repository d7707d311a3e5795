"""What a user writes to name prompts: ``suite``, some of its categories (``suite:code,facts``), or a file."""

from __future__ import annotations

from pathlib import Path

from quanttui.errors import UsageError, did_you_mean
from quanttui.records import SuitePrompt
from quanttui.suite.built_in import built_in_categories, built_in_prompts
from quanttui.suite.prompt_files import read_prompts

SUITE = "suite"
BUILT_IN = "built-in"
"""The built-in text, as it is named where text is asked for."""


def prompts_named(source: str) -> tuple[SuitePrompt, ...]:
    """The prompts that ``source`` names; a file called ``suite`` is written ``./suite``. Raises UsageError."""
    word, colon, categories = source.partition(":")
    if word != SUITE:
        return read_prompts(Path(source))
    chosen = _categories(categories) if colon else built_in_categories()
    return tuple(prompt for prompt in built_in_prompts() if prompt.category in chosen)


def _categories(words: str) -> tuple[str, ...]:
    chosen = tuple(word.strip() for word in words.split(","))
    known = built_in_categories()
    for word in chosen:
        if word not in known:
            nearest = did_you_mean(word, known, lead=f"{SUITE}:")
            raise UsageError(f"the suite has no category {word!r}", f"{nearest}Categories: {', '.join(known)}")
    return chosen
