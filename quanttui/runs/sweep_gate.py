"""Limits on a sweep's figures, for pipelines: ``nf4:kl_divergence.mean>0.05``, ``text:same_top<0.95``. Pure.

A limit is read on what a variant's ``divergence`` is on, or, where it says so, on ``text``, on ``suite`` or on a
category of the suite.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from quanttui.errors import MeasurementError, UsageError
from quanttui.records import DivergenceSummary, SweepPart, SweepRequest, SweepSnapshot, SweptVariant, Variant
from quanttui.runs.gate import Limit, LimitCheck, check_figures, parse_limit
from quanttui.runs.sweep_figures import divergence_on, main_part, parts_of

_LONGER = "A longer sweep may give it (more text, more prompts); a figure without a value is n/a, not 0."


def parse_sweep_limits(texts: Iterable[str], request: SweepRequest) -> list[Limit]:
    """The limits that ``texts`` mean for this sweep. Raises UsageError before anything runs: for what is no limit, a
    variant that is no candidate (where they are known already), a part or category that is not swept."""
    limits = [parse_limit(text, _scopes(request)) for text in texts]
    for limit in limits:
        _refuse_unswept(limit, request)
    return limits


def check_sweep_limits(snapshot: SweepSnapshot, limits: Iterable[Limit]) -> list[LimitCheck]:
    """Every limit against every candidate it is about, in the order given.

    Raises MeasurementError where a figure was not measured, for a gate that cannot be read must not pass; UsageError
    where a limit names no candidate.
    """
    return [_check(snapshot, limit, row) for limit in limits for row in _rows(snapshot, limit)]


def _scopes(request: SweepRequest) -> tuple[str, ...]:
    return (*SweepPart, *dict.fromkeys(prompt.category for prompt in request.prompts))


def _refuse_unswept(limit: Limit, request: SweepRequest) -> None:
    if limit.variant is not None and request.candidates and limit.variant not in request.candidates:
        raise _no_candidate(limit, request.candidates)
    parts = parts_of(request)
    if limit.scope in tuple(SweepPart) and limit.scope not in parts:
        raise UsageError(
            f"the limit {limit.text!r} is on the {limit.scope}, which is not swept",
            "Add --text." if limit.scope == SweepPart.TEXT else "Add --prompts suite.",
        )


def _no_candidate(limit: Limit, candidates: Iterable[Variant]) -> UsageError:
    known = ", ".join(variant.spelling for variant in candidates)
    return UsageError(f"the limit {limit.text!r} names no candidate", f"Candidates: {known}")


def _rows(snapshot: SweepSnapshot, limit: Limit) -> list[SweptVariant]:
    candidates = [row for row in snapshot.result.variants if row.variant != snapshot.result.reference]
    found = [row for row in candidates if limit.variant in (None, row.variant)]
    if not found:
        raise _no_candidate(limit, [row.variant for row in candidates])
    return found


def _check(snapshot: SweepSnapshot, limit: Limit, row: SweptVariant) -> LimitCheck:
    part, category, divergence = _scoped(snapshot.request, limit, row)
    if row.failure is not None or divergence is None:
        raise MeasurementError(
            f"the limit {limit.text!r} cannot be read: {row.variant.spelling} was not measured to the end",
            "Name the variants it is about (nf4:…), or sweep without this one." if row.failure else "",
            why=row.failure or "",
        )
    return replace(check_figures(limit, row.variant, divergence, _LONGER), part=part, category=category)


def _scoped(
    request: SweepRequest, limit: Limit, row: SweptVariant
) -> tuple[SweepPart, str | None, DivergenceSummary | None]:
    if limit.scope is None or limit.scope in tuple(SweepPart):
        part = SweepPart(limit.scope) if limit.scope else main_part(request)
        return part, None, divergence_on(row, part)
    found = (each.divergence for each in row.by_category if each.category == limit.scope)
    return SweepPart.SUITE, limit.scope, next(found, None)
