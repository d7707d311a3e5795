"""The user's own prompts: text of one prompt a line, or JSONL. Knows the two formats, and no source but a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from quanttui.errors import UsageError
from quanttui.records import SuitePrompt
from quanttui.suite.files import decode_text, read_bytes
from quanttui.suite.jsonl_rows import looks_like_jsonl, read_rows

MAX_PROMPTS_BYTES = 16_000_000
OWN_CATEGORY = "own"
"""The category of a prompt that names none."""

_TEXT = "Text of one prompt a line (empty lines are left out)"
_ALLOWED = f'{_TEXT}, or JSONL with a "prompt" in every line.'
_JSONL = frozenset({".jsonl", ".ndjson"})


def read_prompts(path: Path) -> tuple[SuitePrompt, ...]:
    """The prompts of a text or JSONL file. Raises UsageError, which names the file, the line and what is allowed."""
    title = f"the prompts file {str(path)!r}"
    raw = read_bytes(path, MAX_PROMPTS_BYTES, title, f"Name a text file. {_ALLOWED}")
    return parse_prompts(raw, title, suffix=path.suffix.lower())


def parse_prompts(raw: bytes, title: str, *, suffix: str = "") -> tuple[SuitePrompt, ...]:
    """The same of bytes that were read already. JSONL is known by ``suffix``, or by a first line that is such a row."""
    text = decode_text(raw, MAX_PROMPTS_BYTES, title, _ALLOWED)
    if suffix in _JSONL or looks_like_jsonl(text):
        prompts = tuple(read_rows(text, title, OWN_CATEGORY))
    elif suffix == ".json":
        raise UsageError(f"{title} is one JSON document, not one object a line", _ALLOWED)
    else:
        prompts = tuple(_lines(text))
    if not prompts:
        raise UsageError(f"{title} holds no prompt", _ALLOWED)
    return prompts


def _lines(text: str) -> Iterator[SuitePrompt]:
    """Lines end at line feeds alone: a prompt may hold U+2028 and other separators."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield SuitePrompt(f"line-{number}", OWN_CATEGORY, line)
