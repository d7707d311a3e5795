"""The tokens where a candidate is farthest from its reference. Pure selection; how they are shown is the caller's."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from quanttui.records import Run, Score, TokenScore, Variant

_BEFORE, _AFTER = 8, 4


@dataclass(frozen=True, slots=True)
class WorstToken:
    """A scored token and where it stands; ``index`` counts from the first new token of prompt number ``prompt``."""

    prompt: int
    index: int
    score: Score

    @property
    def token(self) -> TokenScore:
        return self.score.tokens[self.index]

    @property
    def before(self) -> str:
        """The raw text of the eight scored tokens before it, with an ellipsis where more went before."""
        first = max(0, self.index - _BEFORE)
        return ("…" if first else "") + "".join(token.text for token in self.score.tokens[first : self.index])

    @property
    def after(self) -> str:
        """The raw text of the four scored tokens after it, with an ellipsis where more follow."""
        last = self.index + 1 + _AFTER
        more = "…" if last < len(self.score.tokens) else ""
        return "".join(token.text for token in self.score.tokens[self.index + 1 : last]) + more


def worst_tokens(run: Run, variant: Variant, count: int) -> list[WorstToken]:
    """The ``count`` tokens of ``variant`` with the largest KL, over all prompts, worst first."""
    return heapq.nlargest(count, _scored(run, variant), key=lambda place: place.token.kl_divergence)


def _scored(run: Run, variant: Variant) -> Iterator[WorstToken]:
    for prompt, result in enumerate(run.prompts):
        for candidate in result.candidates:
            if candidate.variant == variant and candidate.score:
                for index in range(len(candidate.score.tokens)):
                    yield WorstToken(prompt, index, candidate.score)
