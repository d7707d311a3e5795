"""One pane's text, painted on as it grows: what changed since the last time, and no more. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quanttui.compare.reading import Reading
from quanttui.compare.words import word_start
from quanttui.records import DiffOp, DiffSpan, Token
from quanttui.tui.state.looks import side
from quanttui.tui.state.painting import Piece, Plan, paint_prompt, paint_tokens
from quanttui.tui.state.variant_view import VariantView

_NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Change:
    """The pieces from number ``kept`` on are ``pieces`` now."""

    kept: int
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class _Painted:
    view: VariantView
    prompt: str
    plan: Plan
    count: int
    ended: bool


class Painter:
    """A paint costs as much as there are new tokens, and those whose look may have changed."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """The pane shows something else."""
        self._last: _Painted | None = None
        self._piece_of: list[int] = []

    def paint(self, view: VariantView, prompt: str, plan: Plan, other: Sequence[Token] = ()) -> Change:
        now = _Painted(view, prompt, plan, len(view.tokens), view.output is not None)
        start = _changed_from(self._last, now)
        anew = self._last is None or start == 0
        self._last = now
        start = _out_of_fold(_whole_word(view, min(start, now.count)), view, plan)
        prompt_pieces = paint_prompt(prompt) if anew else []
        kept = 0 if anew else self._piece_of[start]
        painted = paint_tokens(view, plan, other, start)
        at = kept + len(prompt_pieces)
        del self._piece_of[start:]
        for pieces in painted:
            self._piece_of.append(at)
            at += len(pieces)
        return Change(kept, [*prompt_pieces, *(piece for pieces in painted for piece in pieces)])


def _changed_from(last: _Painted | None, now: _Painted) -> int:
    """The first token that may look different; ``_NEVER`` where none does."""
    if last is None or last.view is not now.view or last.prompt != now.prompt or now.count < last.count:
        return 0
    old, new = last.plan, now.plan
    if old.folds != new.folds or old.paints_all != new.paints_all:
        return 0
    places = [_readings_part(old.reading, new.reading, now.view)]
    if old.current != new.current:
        places += [side(s, is_reference=now.view.is_reference)[0] for s in (old.current, new.current) if s]
    if old.cursor != new.cursor:
        places += [cursor for cursor in (old.cursor, new.cursor) if cursor is not None]
    if last.count != now.count or last.ended != now.ended:
        places.append(min(last.count, max(0, now.count - 1)))
    return min(places)


def _readings_part(old: Reading, new: Reading, view: VariantView) -> int:
    """The first token of which two readings say different things; an equal span or the last one may grow."""
    if old == new:
        return _NEVER
    for was, is_now in zip(old.spans, new.spans, strict=False):
        if was != is_now or (was is old.apart) != (is_now is new.apart):
            return _spans_part(was, is_now, view, both_apart=was is old.apart and is_now is new.apart)
    rest = max(old.spans, new.spans, key=len)[min(len(old.spans), len(new.spans)) :]
    return side(rest[0], is_reference=view.is_reference)[0] if rest else _NEVER


def _spans_part(was: DiffSpan, is_now: DiffSpan, view: VariantView, *, both_apart: bool) -> int:
    (start, stop), (new_start, new_stop) = (side(s, is_reference=view.is_reference) for s in (was, is_now))
    grows = both_apart or was.op is is_now.op is DiffOp.EQUAL
    return min(stop, new_stop) if grows and start == new_start else min(start, new_start)


def _out_of_fold(index: int, view: VariantView, plan: Plan) -> int:
    """A fold is painted from its start."""
    for fold in plan.folds:
        start, stop = fold.reference if view.is_reference else fold.candidate
        if start < index < stop:
            return start
    return index


def _whole_word(view: VariantView, index: int) -> int:
    """Where the word begins that token ``index`` goes on with or belongs to."""
    base = max(0, index - 32)
    pieces = [token.text for token in view.tokens[base : index + 1]]
    return base + word_start(pieces, max(0, index - 1 - base)) if pieces else 0
