"""An output as pieces to paint: safe text, and what each piece is. Knows no colour and no width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from quanttui.compare.reading import Reading
from quanttui.records import DiffSpan, FinishReason, Token
from quanttui.tui.state.folding import Fold
from quanttui.tui.state.looks import Look, Looks, lay_looks
from quanttui.tui.state.variant_view import VariantView
from quanttui.tui.visible import visible_text

END = "∎"
_PROMPT_TAIL = 160


@dataclass(frozen=True, slots=True)
class Piece:
    """``token``: index of the generated token it belongs to, None for what is no token."""

    text: str
    look: Look
    token: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is painted over a text: how it lies beside the other one, where the user is, what is folded away.

    ``cursor``: the token that a cursor elsewhere stands on. ``paints_all``: also where the texts share nothing.
    """

    reading: Reading = field(default_factory=Reading)
    current: DiffSpan | None = None
    cursor: int | None = None
    folds: tuple[Fold, ...] = ()
    paints_all: bool = False


PLAIN = Plan()


def prompt_tail(prompt: str) -> str:
    """The end of the prompt: what the output goes on from."""
    shown = visible_text(prompt[-_PROMPT_TAIL:])
    return shown if len(prompt) <= _PROMPT_TAIL else "…" + shown


def paint_prompt(prompt: str) -> list[Piece]:
    return [Piece(prompt_tail(prompt), Look.PROMPT)] if prompt else []


def paint_tokens(
    view: VariantView, plan: Plan = PLAIN, other: Sequence[Token] = (), start: int = 0
) -> list[list[Piece]]:
    """The pieces of each token of ``view`` from ``start`` on, and what stands behind the last; a folded stretch is
    one piece, at its first token. ``other``: the tokens of the text that the plan's spans lay this one beside.

    The first divergence has the mark ▶ exactly before its token. A word of which one token differs is painted whole,
    the token that differs stronger; blanks that differ are glyphs.
    """
    looks = lay_looks(view, plan.reading, plan.current, other, start, paints_all=plan.paints_all)
    if plan.cursor is not None:
        looks.of[plan.cursor] = Look.CURSOR
    folds = {(f.reference if view.is_reference else f.candidate)[0]: f for f in plan.folds}
    painted: list[list[Piece]] = []
    open_again = -1
    for index in range(start, len(view.tokens)):
        if fold := folds.get(index):
            open_again = index + fold.count
            painted.append([_fold_piece(fold, index)])
        elif index < open_again:
            painted.append([])
        else:
            painted.append(_paint_token(view, looks, index, opens_line=index == open_again))
    return [*painted, _marks(looks, len(view.tokens))]


def _fold_piece(fold: Fold, index: int) -> Piece:
    return Piece(f"\n··· {fold.count} equal tokens ···\n", Look.FOLD, index)


def _paint_token(view: VariantView, looks: Looks, index: int, *, opens_line: bool) -> list[Piece]:
    look, text = looks.of.get(index, Look.SAME), _shown(view, looks, index)
    if opens_line:
        text = text.removeprefix(" ")
    mark, marks = looks.marks.get(index), _marks(looks, index)
    if mark is not None and mark.before_blank:
        return [*marks, Piece(text, look, index)]
    before, word = _split_space(text, look, looks.of.get(index - 1), has_mark=mark is not None)
    return [*([Piece(before, Look.SAME, index)] if before else []), *marks, Piece(word, look, index)]


def _marks(looks: Looks, index: int) -> list[Piece]:
    mark = looks.marks.get(index)
    return [Piece(mark.glyph, mark.look, index)] if mark is not None else []


def _shown(view: VariantView, looks: Looks, index: int) -> str:
    """The end of a text is a token too, though it has no letters: without a sign a difference there is not seen."""
    text = looks.texts.get(index, view.tokens[index].text)
    ended = view.output is not None and view.output.finish_reason is FinishReason.EOS
    if ended and index == len(view.tokens) - 1 and not text:
        return f" {END}"
    return visible_text(text, reveal=index in looks.texts)


def _split_space(text: str, look: Look, previous: Look | None, *, has_mark: bool) -> tuple[str, str]:
    """The space before a differing word stays plain, unless the word before it differs too."""
    word = text.lstrip(" ")
    if not word or (not has_mark and (look is Look.SAME or previous is look)):
        return "", text
    return text[: len(text) - len(word)], word
