"""The tokens where a candidate is farthest from its reference, each with the text around it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from rich.text import Text

from quanttui.cli.painted import append_marked
from quanttui.records import FlipKind, Run, Score, TokenScore, Variant
from quanttui.text import safe_line
from quanttui.units import format_nats

SHOWN = 5
_BEFORE, _AFTER = 8, 4
_FLIPS = {FlipKind.NONE: "same top", FlipKind.TIE: "tie flip", FlipKind.REAL: "real flip"}


@dataclass(frozen=True, slots=True)
class _Place:
    prompt: int
    index: int
    score: Score

    @property
    def token(self) -> TokenScore:
        return self.score.tokens[self.index]


def worst_tokens(run: Run) -> Iterator[Text]:
    """For each scored candidate a heading and its worst tokens, worst first; tokens count from the first new one."""
    for summary in run.summaries:
        places = heapq.nlargest(SHOWN, _places(run, summary.variant), key=lambda place: place.token.kl_divergence)
        if places:
            yield Text(f"\nWorst tokens of {safe_line(str(summary.variant))}", "bold")
        for place in places:
            yield _line(place, several=len(run.prompts) > 1)
            yield _context(place)


def _places(run: Run, variant: Variant) -> Iterator[_Place]:
    for prompt, result in enumerate(run.prompts):
        for candidate in result.candidates:
            if candidate.variant == variant and candidate.score:
                for index in range(len(candidate.score.tokens)):
                    yield _Place(prompt, index, candidate.score)


def _line(place: _Place, *, several: bool) -> Text:
    token = place.token
    number = f"token {place.index + 1}"
    where = f"prompt {place.prompt + 1}, {number}" if several else number
    return Text.assemble(
        f"  {where} ",
        (f'"{safe_line(token.text)}"', "bold"),
        f"  KL {format_nats(token.kl_divergence)}"
        f"  p {token.reference_probability:.3f} → {token.candidate_probability:.3f}"
        f"  rank {token.reference_rank} → {token.candidate_rank}  {_FLIPS[token.flip]}",
    )


def _context(place: _Place) -> Text:
    tokens, index = place.score.tokens, place.index
    first = max(0, index - _BEFORE)
    before = "".join(token.text for token in tokens[first:index])
    after = "".join(token.text for token in tokens[index + 1 : index + 1 + _AFTER])
    context = Text(f"      {'…' if first else ''}{safe_line(before)}")
    append_marked(context, safe_line(place.token.text))
    return context.append(f"{safe_line(after)}…")
