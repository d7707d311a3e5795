"""Reads the sweep's form: what was typed becomes values, or a problem per field. Pure: no
file is opened here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from quanttui.amounts import read_above_zero, read_duration, read_number, read_size
from quanttui.records import SweepBudget, SweepLimits
from quanttui.session import SweepChoices

Value = TypeVar("Value")
_LARGEST_COUNT = 1_000_000_000

LABELS = {
    "own_prompts": "your prompts",
    "own_text": "your text",
    "budget": "time",
    "text_tokens": "text tokens",
    "memory": "memory",
    "least_same_top": "same top",
    "most_kl": "KL",
    "least_speed": "speed",
}
"""What each field is called where something is said of it."""


@dataclass(frozen=True, slots=True)
class SweepTyped:
    """What is typed. ``own_prompts`` and ``own_text``: paths as they were typed, "" for none."""

    own_prompts: str
    own_text: str
    budget: SweepBudget
    limits: SweepLimits


@dataclass(frozen=True, slots=True)
class SweepFormResult:
    """``typed`` is None where a field has a problem; ``problems`` maps its name to what is wrong."""

    typed: SweepTyped | None
    problems: dict[str, str]


def read_form(typed: Mapping[str, str]) -> SweepFormResult:
    """``typed``: the text fields by name. What nothing is typed for is not limited."""
    problems: dict[str, str] = {}

    def read(name: str, reader: Callable[[str], Value]) -> Value | None:
        text = typed[name].strip()
        try:
            return reader(text) if text else None
        except ValueError as error:
            problems[name] = str(error)
            return None

    values = SweepTyped(
        typed["own_prompts"].strip(),
        typed["own_text"].strip(),
        SweepBudget(read("budget", read_duration), read("text_tokens", _tokens)),
        SweepLimits(
            memory_bytes=read("memory", read_size),
            least_same_top=read("least_same_top", _share),
            most_kl_nats=read("most_kl", read_above_zero),
            least_tokens_per_second=read("least_speed", read_above_zero),
        ),
    )
    return SweepFormResult(None if problems else values, problems)


def choices_of(typed: Mapping[str, str], left_out: Iterable[str], *, built_in_text: bool) -> SweepChoices:
    """To remember, mistakes and all. The memory is not: what is free changes."""
    return SweepChoices(
        tuple(sorted(left_out)),
        built_in_text,
        **{name: typed[name] for name in LABELS if name != "memory"},
    )


def _tokens(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or not 1 <= int(text) <= _LARGEST_COUNT:
        raise ValueError("no number of tokens, such as 4096")
    return int(text)


def _share(text: str) -> float:
    """``0.98``, ``98%`` and ``98`` are one."""
    value = read_number(text.removesuffix("%"))
    share = value / 100 if value > 1 or text.endswith("%") else value
    if not 0 < share <= 1:
        raise ValueError("no share: 0.98, 98%")
    return share
