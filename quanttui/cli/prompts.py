"""Prompts from the command line: one by one, the suite, a file, standard input. Knows no format, no model."""

from __future__ import annotations

from collections.abc import Sequence

from quanttui.cli.streams import read_stdin
from quanttui.errors import UsageError
from quanttui.records import SuitePrompt
from quanttui.suite.prompt_files import MAX_PROMPTS_BYTES, parse_prompts
from quanttui.suite.sources import prompts_named

STDIN = "-"


def gather_prompts(given: Sequence[str], source: str | None) -> tuple[str, ...]:
    """The prompts of ``--prompt`` and then those of ``--prompts``. Raises UsageError where there is none."""
    prompts = (*given, *(prompt.text for prompt in read_source(source)))
    if not prompts:
        raise UsageError("there is no prompt", 'Give at least one: --prompt "Once upon a time", or --prompts suite')
    return prompts


def read_source(source: str | None) -> tuple[SuitePrompt, ...]:
    """What ``--prompts`` names; nothing where it was not given. Raises UsageError."""
    if source is None:
        return ()
    if source == STDIN:
        return parse_prompts(read_stdin(MAX_PROMPTS_BYTES + 1), "standard input")
    return prompts_named(source)
