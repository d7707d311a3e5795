"""Reads the settings row: what was typed becomes ``GenerationSettings``, or a problem per field. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from quanttui.records import GenerationSettings

LARGEST_COUNT = 100_000
LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True)
class FormResult:
    """``settings`` is None where a field has a problem; ``problems`` maps the field's name to what is wrong."""

    settings: GenerationSettings | None
    problems: dict[str, str]


def read_settings(
    typed: Mapping[str, str], ticked: Mapping[str, bool], context_length: int | None = None
) -> FormResult:
    """``typed`` holds the text fields, ``ticked`` the switches, by the names of ``GenerationSettings``' fields.
    ``context_length`` None: the model's is not known."""
    problems: dict[str, str] = {}

    def read(name: str, reader: Callable[[str], int | float]) -> int | float:
        try:
            return reader(typed[name].strip())
        except ValueError as error:
            problems[name] = str(error)
            return 0

    max_new_tokens = read("max_new_tokens", lambda text: _new_tokens(text, context_length))
    seed = read("seed", lambda text: _whole(text, 0, LARGEST_SEED))
    temperature, top_p, top_k = 1.0, 1.0, 0
    if ticked["do_sample"]:
        temperature = float(read("temperature", lambda text: _number(text, 0.0, 100.0)))
        top_p = float(read("top_p", lambda text: _number(text, 0.0, 1.0)))
        top_k = int(read("top_k", lambda text: _whole(text, 0, LARGEST_COUNT)))
    settings = GenerationSettings(
        max_new_tokens=int(max_new_tokens),
        do_sample=ticked["do_sample"],
        temperature=temperature,
        top_p=top_p,
        top_k=top_k,
        seed=int(seed),
        chat_template=ticked["chat_template"],
        system_prompt=typed["system_prompt"] or None if ticked["chat_template"] else None,
    )
    return FormResult(None if problems else settings, problems)


def _new_tokens(text: str, context_length: int | None) -> int:
    count = _whole(text, 1, LARGEST_COUNT)
    if context_length is not None and count > context_length:
        raise ValueError(f"at most {context_length}: the model's context")
    return count


def _whole(text: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or not low <= int(text) <= high:
        raise ValueError(f"a whole number from {low} to {high}" if high < 10**9 else f"a whole number from {low} up")
    return int(text)


def _number(text: str, above: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or not above < value <= high:
        raise ValueError(f"a number above {above:g}, at most {high:g}")
    return value
