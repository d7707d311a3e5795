"""Limits on a run's pooled figures, for pipelines: ``kl_divergence.mean>0.05``. Pure; knows the document's names.

A limit names what is *not* wanted. It is read against each candidate's summary, or one's (``nf4:same_top<0.95``).
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from quanttui.errors import MeasurementError, UsageError, did_you_mean
from quanttui.records import (
    DivergenceSummary,
    KlSummary,
    NoiseFloor,
    Run,
    Variant,
    Verdict,
    VerdictLevel,
)
from quanttui.runs.divergence_document import divergence_document
from quanttui.runs.figures import Z_95
from quanttui.variants import parse_variant

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_LIMIT = re.compile(r"\s*(?:(?P<variant>[^\s<>]+):)?(?P<figure>[\w.]+)\s*(?P<sign>[<>]=?)\s*(?P<value>[^\s<>=]+)\s*")
# The figure whose standard error a figure's own is; where none is known, nothing is said of the error.
_ERRORS = {
    "kl_divergence.mean": "kl_divergence.standard_error",
    "same_top": "same_top_standard_error",
    "ln_perplexity_ratio": "ln_perplexity_ratio_standard_error",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """``figure`` is a dotted name of the summary in the JSON document; ``variant`` None: every candidate."""

    text: str
    figure: str
    sign: str
    value: float
    variant: Variant | None = None

    def is_exceeded_by(self, figure: float) -> bool:
        return _COMPARE[self.sign](figure, self.value)


@dataclass(frozen=True, slots=True)
class LimitCheck:
    """One limit read against one candidate. ``standard_error`` None: not known for this figure, or too few blocks."""

    limit: Limit
    variant: Variant
    figure: float
    standard_error: float | None
    tokens: int

    @property
    def is_exceeded(self) -> bool:
        return self.limit.is_exceeded_by(self.figure)

    @property
    def distance(self) -> float:
        """How far the figure lies from the limit, in its own unit, never negative."""
        return abs(self.figure - self.limit.value)

    @property
    def is_beyond_error(self) -> bool | None:
        """Whether the distance is larger than the half-width of the figure's 95 % interval; None: no error is known.

        0 is no error either: it is what a share of all or of none leaves of s(1 − s)/n, however few the tokens.
        """
        if not self.standard_error:
            return None
        return self.distance > Z_95 * self.standard_error


def parse_limit(text: str) -> Limit:
    """Raises UsageError for what is no limit, names no figure, or is compared with what is no finite number."""
    match = _LIMIT.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is no limit", 'A limit is FIGURE>NUMBER or VARIANT:FIGURE<NUMBER: "same_top<0.95"')
    figure, number = match["figure"], match["value"]
    if figure not in FIGURES:
        nearest = did_you_mean(figure, FIGURES)
        raise UsageError(f"{figure!r} is no figure of a summary", f"{nearest}There are: {', '.join(FIGURES)}")
    variant = parse_variant(match["variant"]) if match["variant"] else None
    return Limit(text.strip(), figure, match["sign"], _number(text, number), variant)


def check_limits(run: Run, limits: Iterable[Limit]) -> list[LimitCheck]:
    """Every limit against every candidate it is about, in the order given.

    Raises UsageError where a limit names a variant that the run does not have, MeasurementError where a figure was not
    measured: a gate that cannot be read must not pass.
    """
    return [_check(limit, variant, figures) for limit in limits for variant, figures in _summaries(run, limit)]


def gate_document(checks: Iterable[LimitCheck]) -> list[dict[str, Any]]:
    """The checks as the run's JSON document has them under ``gate``."""
    return [
        {
            "limit": check.limit.text,
            "variant": check.variant.spelling,
            "figure": check.figure,
            "standard_error": check.standard_error,
            "tokens": check.tokens,
            "exceeded": check.is_exceeded,
            "beyond_error": check.is_beyond_error,
        }
        for check in checks
    ]


def _number(text: str, number: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{number!r} in the limit {text!r} is no finite number", "Shares lie in [0, 1]: same_top<0.95")
    return value


def _summaries(run: Run, limit: Limit) -> list[tuple[Variant, dict[str, Any]]]:
    found = [
        (summary.variant, divergence_document(summary.divergence))
        for summary in run.summaries
        if limit.variant in (None, summary.variant)
    ]
    if not found and limit.variant is not None:
        known = ", ".join(summary.variant.spelling for summary in run.summaries) or "none"
        raise UsageError(f"the limit {limit.text!r} names no candidate of this run", f"Measured candidates: {known}")
    if not found:
        raise MeasurementError(
            f"the limit {limit.text!r} cannot be read: nothing was measured", "Run without --no-score."
        )
    return found


def _check(limit: Limit, variant: Variant, summary: dict[str, Any]) -> LimitCheck:
    figures = dict(_numbers(summary))
    figure = figures.get(limit.figure)
    if figure is None or not math.isfinite(figure):
        raise MeasurementError(
            f"the limit {limit.text!r} cannot be read: {variant.spelling} has no {limit.figure} in this run",
            "More tokens may give it (--max-new-tokens, more prompts); a figure without a value is n/a, not 0.",
        )
    error = figures.get(_ERRORS.get(limit.figure, ""))
    return LimitCheck(limit, variant, figure, error, summary["tokens"])


def _numbers(value: Any, prefix: str = "") -> Iterable[tuple[str, float | None]]:
    """Every number below ``value`` under its dotted name; lists (the buckets) are left out."""
    for name, item in value.items():
        if isinstance(item, dict):
            yield from _numbers(item, f"{prefix}{name}.")
        elif item is None or (isinstance(item, int | float) and not isinstance(item, bool)):
            yield prefix + name, item


def _figure_names() -> tuple[str, ...]:
    """Read off the document itself, so that no name is written twice."""
    kl, floor = KlSummary(0, 0, 0, 0, 0, 0, 0, 0), NoiseFloor(0, "", 0)
    verdict = Verdict(VerdictLevel.SMALL, "")
    empty = DivergenceSummary(0, "", kl, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, floor, 0, 0, (), verdict)
    return tuple(name for name, _ in _numbers(divergence_document(empty)))


FIGURES = _figure_names()
