"""Limits on a run's pooled figures, for pipelines: ``kl_divergence.mean>0.05``. Pure; knows the document's names.

A limit names what is *not* wanted. It is read against each candidate's summary, or one's (``nf4:same_top<0.95``); of a
sweep, on what was scored of it (``nf4:suite:same_top<0.95``), which ``sweep_gate`` knows.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from quanttui.errors import MeasurementError, UsageError, did_you_mean
from quanttui.records import (
    DivergenceSummary,
    KlSummary,
    NoiseFloor,
    Run,
    SweepPart,
    Variant,
    Verdict,
    VerdictLevel,
)
from quanttui.runs.divergence_document import divergence_document
from quanttui.units import Z_95
from quanttui.variants import parse_variant

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_LIMIT = re.compile(r"\s*(?:(?P<about>[^<>]+):)?(?P<figure>[\w.]+)\s*(?P<sign>[<>]=?)\s*(?P<value>[^\s<>=]+)\s*")
_MORE = "More tokens may give it (--max-new-tokens, more prompts); a figure without a value is n/a, not 0."
_SHARES = ("same_top", "same_top_standard_error")
# The figure whose standard error a figure's own is; where none is known, nothing is said of the error.
_ERRORS = {
    "kl_divergence.mean": "kl_divergence.standard_error",
    "same_top": "same_top_standard_error",
    "ln_perplexity_ratio": "ln_perplexity_ratio_standard_error",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """``figure`` is a dotted name of the summary in the JSON document; ``variant`` None: every candidate. ``scope``: a
    part or a category of a sweep, None: what its divergence is on."""

    text: str
    figure: str
    sign: str
    value: float
    variant: Variant | None = None
    scope: str | None = None

    def is_exceeded_by(self, figure: float) -> bool:
        return _COMPARE[self.sign](figure, self.value)


@dataclass(frozen=True, slots=True)
class LimitCheck:
    """One limit read against one candidate. ``standard_error`` None: not known for this figure, or too few blocks.
    ``part``, ``category``: of a sweep, what the figure is on."""

    limit: Limit
    variant: Variant
    figure: float
    standard_error: float | None
    tokens: int
    part: SweepPart | None = None
    category: str | None = None

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


def parse_limit(text: str, scopes: Collection[str] = ()) -> Limit:
    """``scopes``: parts and categories that may stand before the figure. Raises UsageError for what is no limit, names
    no figure, or is compared with what such a figure can never be."""
    match = _LIMIT.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is no limit", 'A limit is FIGURE>NUMBER or VARIANT:FIGURE<NUMBER: "same_top<0.95"')
    figure, number = match["figure"], match["value"]
    if figure not in FIGURES:
        nearest = did_you_mean(figure, FIGURES)
        raise UsageError(f"{figure!r} is no figure of a summary", f"{nearest}There are: {', '.join(FIGURES)}")
    named, scope = _about((match["about"] or "").strip(), scopes)
    value = _number(text, number)
    if figure in _SHARES and not 0 <= value <= 1:
        raise UsageError(
            f"{figure} is a share from 0 to 1, which {number} in the limit {text!r} is not",
            f"{number} % is {value / 100:g}: {figure}{match['sign']}{value / 100:g}" if 1 < value <= 100 else "",
        )
    return Limit(text.strip(), figure, match["sign"], value, _variant(named, scopes) if named else None, scope)


def check_limits(run: Run, limits: Iterable[Limit]) -> list[LimitCheck]:
    """Every limit against every candidate it is about, in the order given.

    Raises UsageError where a limit names a variant that the run does not have, MeasurementError where a figure was not
    measured: a gate that cannot be read must not pass.
    """
    return [_check(limit, variant, figures) for limit in limits for variant, figures in _summaries(run, limit)]


def check_figures(limit: Limit, variant: Variant, divergence: DivergenceSummary, hint: str = _MORE) -> LimitCheck:
    """One limit against one candidate's figures. Raises MeasurementError with ``hint`` where one has no value."""
    return _check(limit, variant, divergence_document(divergence), hint)


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
            **({} if check.part is None else {"part": check.part.value, "category": check.category}),
        }
        for check in checks
    ]


def _about(prefix: str, scopes: Collection[str]) -> tuple[str, str | None]:
    """``nf4:suite`` names a variant and a scope, either alone one of them; a variant can hold a colon itself."""
    named, _, last = prefix.rpartition(":")
    return (named, last) if last in scopes and last else (prefix, None)


def _variant(named: str, scopes: Collection[str]) -> Variant:
    try:
        return parse_variant(named)
    except UsageError as error:
        hint = error.hint + (f" Or what is swept: {', '.join(scopes)}" if scopes else "")
        raise UsageError(error.message, hint, why=error.why) from None


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


def _check(limit: Limit, variant: Variant, summary: dict[str, Any], hint: str = _MORE) -> LimitCheck:
    figures = dict(_numbers(summary))
    figure = figures.get(limit.figure)
    if figure is None or not math.isfinite(figure):
        raise MeasurementError(
            f"the limit {limit.text!r} cannot be read: {variant.spelling} has no {limit.figure} in this run", hint
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
