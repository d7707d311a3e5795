"""An output as pieces to paint: safe text, and what each piece is. Knows no colour and no width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from quanttui.records import DiffOp, DiffSpan, FinishReason
from quanttui.text import safe_text
from quanttui.tui.state.variant_view import VariantView

MARK = "▶"
END = "∎"
_PROMPT_TAIL = 160


class Look(StrEnum):
    """What a piece is. The value names the component class that paints it."""

    PROMPT = "prompt"
    SAME = "same"
    DIFFERS = "differs"
    CURRENT = "current"
    MARK = "mark"
    CURSOR = "cursor"


@dataclass(frozen=True, slots=True)
class Piece:
    """``token``: index of the generated token it belongs to, None for what is no token."""

    text: str
    look: Look
    token: int | None = None


def prompt_tail(prompt: str) -> str:
    """The end of the prompt: what the output goes on from."""
    shown = safe_text(prompt)
    return shown if len(shown) <= _PROMPT_TAIL else "…" + shown[-_PROMPT_TAIL:]


def paint_output(
    view: VariantView,
    prompt: str,
    spans: Sequence[DiffSpan] = (),
    current: DiffSpan | None = None,
    cursor: int | None = None,
) -> list[Piece]:
    """``prompt``, then every token of ``view``; those in a differing span look so, the first one has a mark.

    ``cursor``: the token that a cursor elsewhere stands on.
    """
    looks = _looks(view, spans, current)
    first = min(looks, default=None)
    if cursor is not None:
        looks[cursor] = Look.CURSOR
    pieces = [Piece(prompt_tail(prompt), Look.PROMPT)] if prompt else []
    for index, token in enumerate(view.tokens):
        look, text = looks.get(index, Look.SAME), _shown(view, index, token.text)
        before, word = _split_space(text, look, looks.get(index - 1))
        if before:
            pieces.append(Piece(before, Look.SAME, index))
        if index == first:
            pieces.append(Piece(MARK, Look.MARK, index))
        pieces.append(Piece(word if look is Look.SAME else word.replace("\n", "⏎\n"), look, index))
    return pieces


def _looks(view: VariantView, spans: Sequence[DiffSpan], current: DiffSpan | None) -> dict[int, Look]:
    """The look of every token that is not plain."""
    looks: dict[int, Look] = {}
    for span in spans:
        if span.op is not DiffOp.EQUAL:
            start, stop = span.reference if view.is_reference else span.candidate
            # where the other side has tokens and this one has none, the next token shows the place
            look = Look.CURRENT if span == current else Look.DIFFERS
            looks.update(dict.fromkeys(range(start, stop), look))
    return looks


def _shown(view: VariantView, index: int, text: str) -> str:
    """The end of a text is a token too, though it has no letters: without a sign a difference there is not seen."""
    ended = view.output is not None and view.output.finish_reason is FinishReason.EOS
    if ended and index == len(view.tokens) - 1 and not text:
        return f" {END}"
    return safe_text(text)


def _split_space(text: str, look: Look, previous: Look | None) -> tuple[str, str]:
    """The space before a differing word stays plain, unless the word before it differs too."""
    word = text.lstrip(" ")
    if look is Look.SAME or previous is look or not word:
        return "", text
    return text[: len(text) - len(word)], word
