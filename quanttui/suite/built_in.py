"""The prompts and the text that come with the package: written for it, under its licence. Knows these two files."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from quanttui.records import EvaluationText, SuitePrompt
from quanttui.suite.prompt_files import read_prompts

_FOLDER = Path(__file__).parent


@cache
def built_in_prompts() -> tuple[SuitePrompt, ...]:
    """All prompts, category after category. Every one fits the demo model's 512 tokens, with room for an answer."""
    return read_prompts(_FOLDER / "prompts.jsonl")


def built_in_categories() -> tuple[str, ...]:
    """The categories in the order of the suite."""
    return tuple(dict.fromkeys(prompt.category for prompt in built_in_prompts()))


@cache
def built_in_text() -> EvaluationText:
    """Some 37 KB of prose in several registers, with a little code, a table and seven other languages."""
    return EvaluationText("built-in text", (_FOLDER / "text.txt").read_text("utf-8"))
