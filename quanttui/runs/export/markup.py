"""Untrusted text inside Markdown: cells, code spans and fences that nothing in the text can end. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from quanttui.text import safe_line, safe_text

_ACTIVE = re.compile(r"([\\`*_\[\]<>|~$&]|^\s*[#+-])")
_RUNS = re.compile(r"`+")


def plain(text: str) -> str:
    """``text`` on one line, with everything that Markdown or HTML would act on escaped."""
    return _ACTIVE.sub(r"\\\1", safe_line(text))


def code(text: str) -> str:
    """A code span for a cell: longer backticks than any inside it, and a pipe that does not end the cell."""
    shown = safe_line(text).replace("|", "\\|") or " "
    ticks = "`" * (_longest_run(shown) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") or shown != shown.strip() else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def fenced(text: str, language: str = "") -> str:
    """A block of code that no line of ``text`` closes."""
    shown = safe_text(text).rstrip("\n")
    fence = "`" * max(3, _longest_run(shown) + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> str:
    """A table of cells that are Markdown already; the first ``left`` columns lean left, the rest, figures, right."""
    rules = [":--" if index < left else "--:" for index in range(len(columns))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (columns, rules, *rows))


def _longest_run(text: str) -> int:
    return max((len(run) for run in _RUNS.findall(text)), default=0)
