"""Prompts as JSONL: one object a line, ``prompt`` (or ``text``) and, where wanted, ``category`` and ``id``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from quanttui.errors import UsageError
from quanttui.records import SuitePrompt

_ALLOWED = (
    'A line is one object: {"prompt": "Once upon a time", "category": "story", "id": "mine-1"}. '
    '"text" may stand for "prompt"; category and id may be left out.'
)


def looks_like_jsonl(text: str) -> bool:
    """Whether the first line that is not empty is an object with a prompt: nobody means that as the prompt itself."""
    first = text.lstrip().partition("\n")[0]
    if not first.startswith("{"):
        return False
    try:
        row = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(row.get("prompt", row.get("text")), str)


def read_rows(text: str, title: str, category: str) -> Iterator[SuitePrompt]:
    """The prompts of all lines that are not empty, ``category`` where a row names none. Raises UsageError."""
    lines_of: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            prompt = _prompt(_row(line), number, category)
            earlier = lines_of.setdefault(prompt.id, number)
            if earlier != number:
                raise ValueError(f"the id {prompt.id!r} stands in line {earlier} already")
        except ValueError as error:
            raise UsageError(f"{title}, line {number}: {error}", _ALLOWED) from None
        yield prompt


def _row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except RecursionError:
        raise ValueError("this is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"this is no JSON: {error.msg} at column {error.colno}") from None
    if not isinstance(row, dict):
        raise ValueError("this is no object")
    return row


def _prompt(row: dict[str, Any], number: int, category: str) -> SuitePrompt:
    key = "prompt" if "prompt" in row else "text"
    if key not in row:
        known = ", ".join(map(repr, row)) or "nothing"
        raise ValueError(f"there is no 'prompt' and no 'text', only {known}")
    identity = row.get("id")
    if type(identity) is int:  # data sets number their rows
        identity = str(identity)
    return SuitePrompt(
        _words("id", f"line-{number}" if identity is None else identity),
        _words("category", category if row.get("category") is None else row["category"]),
        _words(key, row[key]),
    )


def _words(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{key!r} is no string")
    if not value.strip():
        raise ValueError(f"{key!r} is empty")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{key!r} holds half a surrogate pair") from None
    return value
