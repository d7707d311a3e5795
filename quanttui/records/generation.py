"""Settings of a generation, its tokens, and what came out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """How text is generated. Greedy unless ``do_sample``; ``top_k`` 0 and ``top_p`` 1.0 are off.

    The same seed gives the same tokens. ``chat_template`` applies the tokenizer's template where it has one;
    ``system_prompt`` needs it.
    """

    max_new_tokens: int = 100
    do_sample: bool = False
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int = 0
    chat_template: bool = True
    system_prompt: str | None = None


def most_tokens(prompt: str, max_new_tokens: int) -> int:
    """Of a prompt and what follows it: three bytes count as a token, which is more than most tokenizers make of it."""
    return len(prompt.encode(errors="replace")) // 3 + 1 + max_new_tokens


@dataclass(frozen=True, slots=True)
class Token:
    """One generated token. The ``text`` of all tokens, joined, is the output's text.

    ``text`` may be "" where a character is not complete yet. ``probability`` is the model's own, before temperature
    and truncation. ``elapsed_seconds`` since the prompt was handed over.
    """

    index: int
    token_id: int
    text: str
    probability: float
    elapsed_seconds: float


class FinishReason(StrEnum):
    EOS = "eos"
    LENGTH = "length"
    CONTEXT = "context"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Output:
    """What one variant made of one prompt.

    ``token_ids``: the generated ones only, with the EOS that ended it. ``pieces``: the text of each of them.
    ``tokens_per_second``: decode tokens over decode time, None below two tokens. ``time_to_first_token_seconds``:
    prompt to first token, None without one. ``warm``: a forward pass had gone before.
    """

    text: str
    token_ids: tuple[int, ...]
    pieces: tuple[str, ...]
    probabilities: tuple[float, ...]
    finish_reason: FinishReason
    prompt_token_ids: tuple[int, ...]
    tokens_per_second: float | None
    time_to_first_token_seconds: float | None
    warm: bool = True
