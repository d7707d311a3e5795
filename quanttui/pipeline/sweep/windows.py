"""Running text cut into windows by the corpus protocol that published figures use. Knows token ids, no tokenizer.

As llama.cpp's perplexity tool does it: the text, BOS before it where the model has one, is cut into windows of the
context's length without overlap, the first token of each is BOS again, the second half of each is scored, and a last
piece that is no whole window is left out.
https://github.com/ggml-org/llama.cpp/tree/master/tools/perplexity
"""

from __future__ import annotations

from dataclasses import dataclass

from quanttui.records import EncodedText

FEWEST_TOKENS = 32
"""A text shorter than this says too little to be scored at all."""


@dataclass(frozen=True, slots=True)
class Window:
    """``number`` counts from 1."""

    number: int
    token_ids: tuple[int, ...]
    first_scored: int


def window_tokens(text: EncodedText, context_length: int) -> int:
    """How long a window of this model is: no longer than its context."""
    return min(context_length, text.context_length or context_length)


def cut_windows(text: EncodedText, context_length: int) -> tuple[Window, ...]:
    """A text that does not fill one window is one window as it is; () below ``FEWEST_TOKENS``."""
    begin = () if text.bos_token_id is None else (text.bos_token_id,)
    stream, size = begin + text.token_ids, window_tokens(text, context_length)
    if len(stream) < FEWEST_TOKENS:
        return ()
    size = min(size, len(stream))
    starts = range(0, len(stream) - size + 1, size)
    return tuple(
        Window(number, begin + stream[start + len(begin) : start + size], size // 2)
        for number, start in enumerate(starts, 1)
    )


def unread_tokens(text: EncodedText, windows: tuple[Window, ...]) -> int:
    """Tokens at the end of a text that belong to no window."""
    length = len(text.token_ids) + (text.bos_token_id is not None)
    return length - sum(len(window.token_ids) for window in windows)
