"""What is measured on besides a prompt typed by hand: prompts with a category, and running text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SuitePrompt:
    """One prompt of a suite. ``id`` is unique in its suite; figures are reported for each ``category`` on its own."""

    id: str
    category: str
    text: str


@dataclass(frozen=True, slots=True)
class EvaluationText:
    """Running text to be read in windows. ``name``: the file's path as it was given, with "/" between its parts."""

    name: str
    text: str
