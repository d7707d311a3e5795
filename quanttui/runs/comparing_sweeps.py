"""Two sweeps side by side: what was asked differently, where they ran, which figures really differ, and the answers.
Pure; a difference is called one as between two runs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

from quanttui.records import (
    DivergenceSummary,
    EvaluationText,
    GenerationSettings,
    SweepPart,
    SweepSnapshot,
    SweptVariant,
    Variant,
)
from quanttui.records.history import RunState, StoredSweep
from quanttui.runs.comparing import (
    Difference,
    FigurePair,
    RunComparison,
    asked_of_model,
    differences,
    divergence_pairs,
    figure_pair,
    ran_where,
)
from quanttui.runs.sweep_figures import divergence_on
from quanttui.runs.sweep_words import limits_words
from quanttui.runs.words import swept_words

_NONE = "none"
_HASH_CHARACTERS = 12
_MOST_PROMPTS = 4
"""So many that differ are told one by one, with their text."""


@dataclass(frozen=True, slots=True)
class TalliedSweep:
    """A sweep of the history, and what follows from it."""

    stored: StoredSweep
    snapshot: SweepSnapshot


def compare_sweeps(first: TalliedSweep, second: TalliedSweep) -> RunComparison:
    return RunComparison(
        first.stored.line.run_id,
        second.stored.line.run_id,
        (*differences(dict(_settings(first)), dict(_settings(second))), *_prompt_differences(first, second)),
        sweep_environment_differences(first.stored, second.stored),
        tuple(_figures(first, second)),
        tuple(_cautions(first.stored, second.stored)),
        differences(dict(_answer(first.snapshot)), dict(_answer(second.snapshot))),
    )


def sweep_environment_differences(first: StoredSweep, second: StoredSweep) -> tuple[Difference, ...]:
    """Where they ran: device, threads, versions of libraries and driver."""
    both = [dict(ran_where(each.sweep.environment, each.origin)) for each in (first, second)]
    return differences(both[0], both[1])


def _settings(tallied: TalliedSweep) -> Iterator[tuple[str, str]]:
    request = tallied.stored.sweep.request
    yield from asked_of_model(request.model, tallied.stored.origin)
    yield "reference", tallied.snapshot.result.reference.spelling
    yield "variants", " ".join(variant.spelling for variant in request.candidates)
    yield "read", swept_words(request)
    for text in request.texts:
        yield f"text {text.name}", _text_words(text)
    yield from ((field.name, str(getattr(request.protocol, field.name))) for field in fields(request.protocol))
    for field in fields(GenerationSettings):
        value = getattr(request.generation, field.name)
        yield field.name, _NONE if value is None else str(value)
    for field in fields(request.budget):
        value = getattr(request.budget, field.name)
        yield f"budget, {field.name}", _NONE if value is None else f"{value:g}"
    yield "limits", limits_words(request.limits)


def _prompt_differences(first: TalliedSweep, second: TalliedSweep) -> tuple[Difference, ...]:
    """One by one where they are few; else how many there are, and the first of them."""
    ours, theirs = (
        {f"prompt {prompt.id}": prompt.text for prompt in each.stored.sweep.request.prompts} for each in (first, second)
    )
    found = differences(ours, theirs)
    if len(found) <= _MOST_PROMPTS:
        return found
    one = [each.name for each in found if each.first is not None]
    two = [each.name for each in found if each.second is not None]
    return (Difference("prompts that are not in both", _counted_names(one), _counted_names(two)),)


def _counted_names(names: Sequence[str]) -> str | None:
    """``70: story-01, story-02, … long-context-08``."""
    short = [name.removeprefix("prompt ") for name in names]
    shown = short if len(short) <= _MOST_PROMPTS else [*short[:2], f"… {short[-1]}"]
    return f"{len(names)}: {', '.join(shown)}" if names else None


def _text_words(text: EvaluationText) -> str:
    """Enough to see that two are not the same: nobody reads a whole text twice."""
    data = text.text.encode("utf-8", "surrogatepass")
    return f"{len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()[:_HASH_CHARACTERS]}…"


def _answer(snapshot: SweepSnapshot) -> Iterator[tuple[str, str]]:
    verdict = snapshot.result.verdict
    yield "recommended", _name(verdict.recommended)
    yield "runner-up", _name(verdict.runner_up)
    yield "frontier", _listed(snapshot.result.frontier)


def _name(variant: Variant | None) -> str:
    return variant.spelling if variant else _NONE


def _listed(variants: Iterable[Variant]) -> str:
    return " ".join(variant.spelling for variant in variants) or _NONE


def _cautions(first: StoredSweep, second: StoredSweep) -> Iterator[str]:
    one, two = first.sweep.request, second.sweep.request
    if first.sweep.reference != second.sweep.reference:
        yield (
            f"The references differ, {first.sweep.reference} and {second.sweep.reference}: each divergence is from its "
            "own."
        )
    if one.texts != two.texts or one.protocol.context_length != two.protocol.context_length:
        yield "The texts or their windows differ: figures on the text are of different tokens."
    if one.prompts != two.prompts or one.generation != two.generation:
        yield "The prompts or their settings differ: figures on the suite are of different tokens."
    for stored in (first, second):
        if stored.line.state is not RunState.DONE:
            yield f"The sweep {stored.line.run_id} did not end well ({stored.line.state}): it lacks figures."
        elif stored.sweep.kept_units is not None:
            yield f"The sweep {stored.line.run_id} had too little time: it read {stored.sweep.kept_units} units only."


def _figures(first: TalliedSweep, second: TalliedSweep) -> Iterator[FigurePair]:
    ours, theirs = _rows(first.snapshot), _rows(second.snapshot)
    for key in dict.fromkeys((*ours, *theirs)):
        both = (ours.get(key), theirs.get(key))
        name = f"{key[1].spelling} (reference)" if key[0] else key[1].spelling
        for part in SweepPart:
            one, two = (_scored(row, part) for row in both)
            yield from divergence_pairs(name, one, two, f", {part}")
        yield from (pair for pair in _cost_pairs(name, both) if pair.first is not None or pair.second is not None)


def _rows(snapshot: SweepSnapshot) -> dict[tuple[bool, Variant], SweptVariant]:
    return {(row.variant == snapshot.result.reference, row.variant): row for row in snapshot.result.variants}


def _scored(row: SweptVariant | None, part: SweepPart) -> DivergenceSummary | None:
    return divergence_on(row, part) if row else None


def _cost_pairs(variant: str, both: Sequence[SweptVariant | None]) -> Iterator[FigurePair]:
    yield figure_pair(variant, "weights", "bytes", [(row.parameter_bytes if row else None, 0.0) for row in both])
    yield figure_pair(variant, "peak memory", "bytes", [(row.peak_bytes if row else None, None) for row in both])
    speeds = [
        (row.tokens_per_second, row.tokens_per_second_standard_error) if row else (None, None) for row in both
    ]  # fmt: skip
    yield figure_pair(variant, "speed", "tokens/s", speeds)
