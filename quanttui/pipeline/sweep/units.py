"""What a sweep will read, in the order in which every variant reads it. Knows the request and token ids, no engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from quanttui.pipeline.sweep.windows import Window, cut_windows, unread_tokens, window_tokens
from quanttui.records import (
    EncodedText,
    EvaluationText,
    SuitePrompt,
    SweepBudget,
    SweepPart,
    SweepProtocol,
    SweepRequest,
)
from quanttui.records.generation import most_tokens

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class PlannedUnit:
    """A unit before the reference has read it. ``window``: of running text; ``prompt``: one whose continuation is the
    reference's and not known yet."""

    part: SweepPart
    name: str
    category: str = ""
    window: Window | None = None
    prompt: SuitePrompt | None = None

    @property
    def scored_tokens(self) -> int | None:
        return None if self.window is None else len(self.window.token_ids) - self.window.first_scored


@dataclass(frozen=True, slots=True)
class Plan:
    """``notes``: how text is read, and what of it is not."""

    units: tuple[PlannedUnit, ...]
    notes: tuple[str, ...]


def plan_units(
    prompts: Sequence[SuitePrompt],
    texts: Sequence[tuple[EvaluationText, EncodedText]],
    protocol: SweepProtocol,
    budget: SweepBudget,
) -> Plan:
    """Every beginning of the order is balanced: text and suite take turns, and so do texts, and so do categories.

    ``budget.text_tokens`` takes windows from the beginning of each text, at least one in all.
    """
    windows = [cut_windows(encoded, protocol.context_length) for _, encoded in texts]
    by_text = [
        [PlannedUnit(SweepPart.TEXT, f"{text.name}, window {window.number}", window=window) for window in cut]
        for (text, _), cut in zip(texts, windows, strict=True)
    ]
    running = tuple(_within(taking_turns(by_text), budget.text_tokens))
    suite = taking_turns(_by_category(prompts))
    notes = chain(_protocol_notes(texts, windows, protocol), _unread_notes(texts, windows), _cut_note(by_text, running))
    return Plan(tuple(taking_turns([running, tuple(suite)])), tuple(notes))


def longest_unit(request: SweepRequest) -> int:
    """In tokens, at most: what a model's memory is foretold for."""
    prompts = (most_tokens(prompt.text, request.generation.max_new_tokens) for prompt in request.prompts)
    return max([*prompts, *(request.protocol.context_length for _ in request.texts)], default=0)


def taking_turns(groups: Iterable[Sequence[Item]]) -> Iterator[Item]:
    """The first of each group, the second of each, and so on: ``taking_turns(["abc", "d"])`` is a, d, b, c."""
    queues = list(groups)
    for turn in range(max(map(len, queues), default=0)):
        yield from (queue[turn] for queue in queues if turn < len(queue))


def _by_category(prompts: Sequence[SuitePrompt]) -> list[list[PlannedUnit]]:
    groups: dict[str, list[PlannedUnit]] = {}
    for prompt in prompts:
        unit = PlannedUnit(SweepPart.SUITE, prompt.id, prompt.category, prompt=prompt)
        groups.setdefault(prompt.category, []).append(unit)
    return list(groups.values())


def _within(units: Iterable[PlannedUnit], most_tokens: int | None) -> Iterator[PlannedUnit]:
    """As many as score no more than ``most_tokens`` together, and the first in any case."""
    scored = 0
    for number, unit in enumerate(units):
        scored += unit.scored_tokens or 0
        if number and most_tokens is not None and scored > most_tokens:
            return
        yield unit


def _protocol_notes(
    texts: Sequence[tuple[EvaluationText, EncodedText]], windows: Sequence[tuple[Window, ...]], protocol: SweepProtocol
) -> Iterator[str]:
    if any(windows):
        _, encoded = texts[0]
        begins = "BOS at the start of each" if encoded.bos_token_id is not None else "this model has no BOS"
        size = window_tokens(encoded, protocol.context_length)
        yield f"text: windows of {size} tokens, {begins}, the second half of each scored"


def _unread_notes(
    texts: Sequence[tuple[EvaluationText, EncodedText]], windows: Sequence[tuple[Window, ...]]
) -> Iterator[str]:
    for (text, encoded), cut in zip(texts, windows, strict=True):
        if not cut:
            yield f"{text.name} is left out: its {len(encoded.token_ids)} tokens are too few to score"
        elif unread := unread_tokens(encoded, cut):
            yield f"{text.name}: its last {unread} tokens fill no window and are not read"


def _cut_note(by_text: Sequence[Sequence[PlannedUnit]], running: Sequence[PlannedUnit]) -> Iterator[str]:
    if len(running) < (total := sum(map(len, by_text))):
        yield f"{len(running)} of {total} windows of text are read, as the budget of text tokens says"
