"""What a gate says on stderr, and the exit code it ends with."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable

from quanttui.runs.gate import LimitCheck
from quanttui.text import safe_line

LIMIT_EXCEEDED = 3


def say_gate(checks: Iterable[LimitCheck]) -> int:
    """A line on stderr for each limit that was exceeded; 3 where there is one, else 0."""
    exceeded = [check for check in checks if check.is_exceeded]
    with contextlib.suppress(OSError, AttributeError):
        for check in exceeded:
            sys.stderr.write(safe_line(f"quanttui: limit exceeded: {gate_words(check)}") + "\n")
    return LIMIT_EXCEEDED if exceeded else 0


def gate_words(check: LimitCheck) -> str:
    """Which limit, by how much, and whether that is more than the figure's own error."""
    limit, error = check.limit, check.standard_error
    shown = f"{check.figure:.4g}" + (f" ± {error:.2g}" if error else "")
    by = f"past {limit.sign}{limit.value:g} by {check.distance:.2g}"
    where = f"{check.tokens} tokens{_scope_words(check)}"
    return f"{check.variant.spelling} {limit.figure} is {shown} over {where}, {by}: {_error_words(check)}"


def _scope_words(check: LimitCheck) -> str:
    """Of a sweep: what these tokens are of."""
    if check.category is not None:
        return f" of the category {check.category}"
    return "" if check.part is None else f" of the {check.part}"


def _error_words(check: LimitCheck) -> str:
    if check.is_beyond_error is None:
        return "its error is not known"
    return "more than its error" if check.is_beyond_error else "within its error (95 %): more tokens would tell"
