"""How fast a loaded variant decodes: a few prompts, one after the other, after a first pass that does not count."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from statistics import fmean, stdev

from quanttui.engine.base import LoadedModel
from quanttui.errors import UsageError
from quanttui.pipeline.driving import exhausted
from quanttui.pipeline.sweep.course import Course
from quanttui.pipeline.sweep.pace import Work
from quanttui.pipeline.sweep.units import taking_turns
from quanttui.records import GenerateRequest, GenerationSettings, MeasuredSpeed, SuitePrompt, SweepRequest, Variant
from quanttui.records.sweep_events import SpeedMeasured, SweepEvent

_WARM_UP_TOKENS = 2
_FEWEST_PROMPTS = 2
_SHARE = 0.15
"""Of a sweep's time, for the speeds of all its variants."""

_TEXT_CHARACTERS = 200


def speed_prompts(request: SweepRequest) -> tuple[str, ...]:
    """The first prompt of each category, then the second of each; without prompts, how the texts' paragraphs begin."""
    many = request.protocol.speed_prompts if request.protocol.speed_tokens else 0
    if not request.prompts:
        paragraphs = (part.strip() for text in request.texts for part in text.text.split("\n\n"))
        return tuple(islice((part[:_TEXT_CHARACTERS] for part in paragraphs if part), many))
    categories: dict[str, list[SuitePrompt]] = {}
    for prompt in request.prompts:
        categories.setdefault(prompt.category, []).append(prompt)
    return tuple(prompt.text for prompt in islice(taking_turns(categories.values()), many))


def most_speed_seconds(request: SweepRequest) -> float:
    """For one variant's speed; whoever has more prompts by then leaves the rest."""
    seconds = request.budget.seconds
    return math.inf if seconds is None else _SHARE * seconds / (1 + len(request.candidates))


def is_speed_wanted(course: Course, variant: Variant) -> bool:
    return bool(speed_prompts(course.ledger.request)) and variant not in course.ledger.speeds


def speed_measured(course: Course, model: LoadedModel, variant: Variant) -> Iterator[SweepEvent]:
    """Nothing where no prompt was continued by two tokens. Greedy; raises what ``generate`` raises."""
    if not is_speed_wanted(course, variant):
        return
    course.teller.now("measuring the speed", variant)
    request, prompts = course.ledger.request, speed_prompts(course.ledger.request)
    settings = replace(request.generation, do_sample=False, max_new_tokens=request.protocol.speed_tokens)
    _decode(course, model, prompts[0], replace(settings, max_new_tokens=_WARM_UP_TOKENS))
    with course.timed(variant, Work.SPEED):
        known = [speed for speed in _speeds(course, model, prompts, settings) if speed is not None]
    if known:
        error = stdev(known) / math.sqrt(len(known)) if len(known) > 1 else None
        yield SpeedMeasured(MeasuredSpeed(variant, fmean(known), error))


def _speeds(
    course: Course, model: LoadedModel, prompts: Sequence[str], settings: GenerationSettings
) -> Iterator[float | None]:
    """Where the sweep's time is limited, no more than a share of it goes here; two prompts are enough for an error."""
    began, most = course.clock(), most_speed_seconds(course.ledger.request)
    for number, prompt in enumerate(prompts):
        if number >= _FEWEST_PROMPTS and course.clock() - began > most:
            return
        yield _decode(course, model, prompt, settings)


def _decode(course: Course, model: LoadedModel, prompt: str, settings: GenerationSettings) -> float | None:
    """None too where the prompt does not fit the model's context."""
    try:
        output = exhausted(course.engine, model.generate(GenerateRequest(prompt, settings)), course.cancelled)
    except UsageError:
        return None
    return output.tokens_per_second
