"""Two runs side by side: what was asked differently, where they ran, and which figures really differ. Pure.

A difference is called one only where it is larger than what is known of its error: 1.96 standard errors of the
difference (of independent runs, which is wide for runs of the same texts), and for KL the larger noise floor.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum

from quanttui.records import DivergenceSummary, EngineDescription, GenerationSettings, ModelEntry, Variant
from quanttui.records.history import RunOrigin, RunState, StoredRun
from quanttui.runs.figures import Estimate, VariantFigures, run_figures
from quanttui.units import Z_95

_ABSENT = "none"

_Known = tuple[float | None, float | None]
"""A figure and its standard error; 0.0: exact, None: not known."""
_UNKNOWN: _Known = (None, None)


class Outcome(StrEnum):
    """Of the second run's figure against the first's."""

    EQUAL = "equal"
    INSIDE_ERROR = "inside the error"
    LOWER = "lower"
    HIGHER = "higher"
    ERROR_UNKNOWN = "error not known"
    MISSING = "not in both"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same in both runs; texts are raw. None: the run has no such thing."""

    name: str
    first: str | None
    second: str | None


@dataclass(frozen=True, slots=True)
class FigurePair:
    """One figure of one variant in both runs. ``unit``: "nats", "share", "ln", "bytes", "tokens/s" or "seconds"."""

    variant: str
    name: str
    unit: str
    first: float | None
    second: float | None
    first_standard_error: float | None
    second_standard_error: float | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class RunComparison:
    """``cautions``: why figures of these two runs cannot be held against each other as they are. ``answers``: of two
    sweeps, what they recommend differently."""

    first_id: str
    second_id: str
    settings: tuple[Difference, ...]
    environment: tuple[Difference, ...]
    figures: tuple[FigurePair, ...]
    cautions: tuple[str, ...]
    answers: tuple[Difference, ...] = ()


def compare_runs(first: StoredRun, second: StoredRun) -> RunComparison:
    return RunComparison(
        first.line.run_id,
        second.line.run_id,
        settings_differences(first, second),
        environment_differences(first, second),
        tuple(_figures(first, second)),
        tuple(_cautions(first, second)),
    )


def settings_differences(first: StoredRun, second: StoredRun) -> tuple[Difference, ...]:
    """What was asked for: model, variants, prompts, generation."""
    return differences(dict(_settings(first)), dict(_settings(second)))


def environment_differences(first: StoredRun, second: StoredRun) -> tuple[Difference, ...]:
    """Where it ran: device, threads, versions of libraries and driver."""
    both = [dict(ran_where(each.run.environment, each.origin)) for each in (first, second)]
    return differences(both[0], both[1])


def differences(first: dict[str, str], second: dict[str, str]) -> tuple[Difference, ...]:
    """What is not the same, or only in one of the two, by name."""
    names = dict.fromkeys((*first, *second))
    pairs = (Difference(name, first.get(name), second.get(name)) for name in names)
    return tuple(pair for pair in pairs if pair.first != pair.second)


def _settings(stored: StoredRun) -> Iterator[tuple[str, str]]:
    request = stored.run.request
    yield from asked_of_model(request.model, stored.origin)
    yield "reference", stored.run.reference.spelling
    yield "candidates", " ".join(variant.spelling for variant in request.candidates)
    for number, prompt in enumerate(request.prompts, 1):
        yield f"prompt {number}", prompt
    for field in fields(GenerationSettings):
        value = getattr(request.generation, field.name)
        yield field.name, _ABSENT if value is None else str(value)
    yield "score", str(request.score)


def asked_of_model(entry: ModelEntry, origin: RunOrigin) -> Iterator[tuple[str, str]]:
    yield "model", entry.id
    yield "revision", entry.revision or _ABSENT
    yield "weights' headers", origin.weights_header_sha256 or "not known"


def ran_where(environment: EngineDescription, origin: RunOrigin) -> Iterator[tuple[str, str]]:
    yield "device", environment.device
    yield "device_name", environment.device_name
    yield "threads", str(environment.threads)
    yield from {"quanttui": origin.quanttui_version, **environment.versions}.items()


def _cautions(first: StoredRun, second: StoredRun) -> Iterator[str]:
    one, two = first.run, second.run
    if one.request.prompts != two.request.prompts or one.request.generation != two.request.generation:
        yield "The prompts or the settings differ: the figures are of different texts."
    elif any(a.reference.token_ids != b.reference.token_ids for a, b in zip(one.prompts, two.prompts, strict=False)):
        yield "The references wrote different texts: each figure is of its own run's."
    if one.reference != two.reference:
        yield f"The references differ, {one.reference} and {two.reference}: each divergence is from its own."
    for stored in (first, second):
        if stored.line.state is not RunState.DONE:
            yield f"The run {stored.line.run_id} did not end well ({stored.line.state}): it lacks figures."


def _figures(first: StoredRun, second: StoredRun) -> Iterator[FigurePair]:
    ours, theirs = _by_variant(first), _by_variant(second)
    for key in dict.fromkeys((*ours, *theirs)):
        one, two = ours.get(key), theirs.get(key)
        name = key[1].spelling if key[0] else f"{key[1].spelling} (reference)"
        yield from divergence_pairs(name, one.divergence if one else None, two.divergence if two else None)
        yield from _cost_pairs(name, one, two)


def _by_variant(stored: StoredRun) -> dict[tuple[bool, Variant], VariantFigures]:
    return {(not row.is_reference, row.variant): row for row in run_figures(stored.run)}


def divergence_pairs(
    variant: str, one: DivergenceSummary | None, two: DivergenceSummary | None, on: str = ""
) -> Iterator[FigurePair]:
    """``on``: put behind each figure's name, where a variant was scored on more than one thing."""
    if one is None and two is None:
        return
    floor = max(known.noise_floor.mean for known in (one, two) if known)
    both = (one, two)
    yield figure_pair(variant, f"KL mean{on}", "nats", [_kl(known) if known else _UNKNOWN for known in both], floor)
    yield figure_pair(variant, f"same top{on}", "share", [_same_top(known) if known else _UNKNOWN for known in both])
    yield figure_pair(
        variant,
        f"ln {'ppl' if on else 'perplexity'} ratio{on}",
        "ln",
        [_perplexity(known) if known else _UNKNOWN for known in both],
    )


def _kl(summary: DivergenceSummary) -> _Known:
    return summary.kl_divergence.mean, summary.kl_divergence.standard_error


def _same_top(summary: DivergenceSummary) -> _Known:
    return summary.same_top, summary.same_top_standard_error


def _perplexity(summary: DivergenceSummary) -> _Known:
    return summary.ln_perplexity_ratio, summary.ln_perplexity_ratio_standard_error


def _cost_pairs(variant: str, one: VariantFigures | None, two: VariantFigures | None) -> Iterator[FigurePair]:
    """Bytes of weights are exact; a peak is one measurement, whose error nothing tells."""
    both = (one, two)
    yield figure_pair(
        variant, "weights", "bytes", [(row.load.report.parameter_bytes if row else None, 0.0) for row in both]
    )
    yield figure_pair(variant, "peak memory", "bytes", [(row.peak_bytes if row else None, None) for row in both])
    yield figure_pair(variant, "speed", "tokens/s", [_mean(row.tokens_per_second if row else None) for row in both])
    yield figure_pair(
        variant, "first token", "seconds", [_mean(row.first_token_seconds if row else None) for row in both]
    )


def _mean(estimate: Estimate | None) -> _Known:
    return (None, None) if estimate is None else (estimate.mean, estimate.standard_error)


def figure_pair(variant: str, name: str, unit: str, both: Sequence[_Known], least: float = 0.0) -> FigurePair:
    (first, first_error), (second, second_error) = both
    found = outcome(first, second, first_error, second_error, least)
    return FigurePair(variant, name, unit, first, second, first_error, second_error, found)


def outcome(
    first: float | None,
    second: float | None,
    first_error: float | None,
    second_error: float | None,
    least: float = 0.0,
) -> Outcome:
    """What may be said of ``second`` against ``first``; errors are standard errors, ``least`` a difference of noise."""
    if first is None or second is None or not (math.isfinite(first) and math.isfinite(second)):
        return Outcome.MISSING
    if first == second:
        return Outcome.EQUAL
    if first_error is None or second_error is None:
        return Outcome.ERROR_UNKNOWN
    if abs(second - first) <= max(least, Z_95 * math.hypot(first_error, second_error)):
        return Outcome.INSIDE_ERROR
    return Outcome.HIGHER if second > first else Outcome.LOWER
