"""A scripted engine that writes long texts at a steady rate, by name: ``steady_engine:SteadyEngine``."""

from __future__ import annotations

import random
from dataclasses import replace

from quanttui.engine.scripted import ScriptedEngine, script_of

TOKENS_PER_SECOND = 40
_WORDS = [
    "king",
    "queen",
    "dog",
    "garden",
    "river",
    "happy",
    "sad",
    "tree",
    "little",
    "brave",
    "ran",
    "said",
    "found",
    "under",
    "over",
    "and",
    "then",
    "the",
]


def _story(seed: int, words: int = 450) -> str:
    """Some words of every text differ from those of the others, as a quantized model's do."""
    shared, own = random.Random(1), random.Random(seed)
    return "".join(
        " " + (own.choice(_WORDS) if own.random() < 0.05 else word)
        for word in (shared.choice(_WORDS) for _ in range(words))
    )


class SteadyEngine(ScriptedEngine):
    def __init__(self) -> None:
        script = script_of({"bf16": _story(2), "int8": _story(3), "nf4": _story(4)})
        super().__init__(replace(script, token_delay_seconds=1 / TOKENS_PER_SECOND))
