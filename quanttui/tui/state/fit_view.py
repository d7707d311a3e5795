"""What is foretold of each variant, and whether it fits now, as the screen asks for it and shows it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from quanttui.records import Fit, FitVerdict, MemoryReading, ModelEntry, Precision, Variant
from quanttui.records.generation import most_tokens
from quanttui.text import safe_line
from quanttui.tui.state.selection import Selection
from quanttui.variants import default_reference

if TYPE_CHECKING:
    from quanttui.pipeline.fitting import Foretold

_STEP_TOKENS = 256

MARKS: Mapping[FitVerdict, tuple[str, str]] = {
    FitVerdict.FITS: ("✓ fits", "$success"),
    FitVerdict.TIGHT: ("! tight", "$warning"),
    FitVerdict.DOES_NOT_FIT: ("✗ no", "$error"),
    FitVerdict.UNSUPPORTED: ("✗ never", "$muted"),
    FitVerdict.UNKNOWN: ("? n/a", "$muted"),
}
"""A sign, a word and a colour, each of which tells it alone."""


@dataclass(frozen=True, slots=True)
class FitQuestion:
    """``model`` in all its variants, for texts of ``tokens``; what stays unquantized is in ``reference_dtype``."""

    model: ModelEntry
    reference_dtype: Precision
    tokens: int
    score: bool = True


@dataclass(frozen=True, slots=True)
class FitBoard:
    """What was answered to ``question``. ``fits`` are judged anew at each reading of memory."""

    question: FitQuestion | None = None
    foretold: Mapping[Variant, Foretold] = field(default_factory=dict)
    fits: Mapping[Variant, Fit] = field(default_factory=dict)

    def asked(self, question: FitQuestion | None) -> FitBoard:
        """Answers to another question are none to this one."""
        return self if question == self.question else FitBoard(question)

    def missing(self, offered: Iterable[Variant]) -> tuple[Variant, ...]:
        return tuple(variant for variant in offered if variant not in self.foretold)

    def told(self, foretold: Iterable[Foretold]) -> FitBoard:
        return replace(self, foretold={**self.foretold, **{one.variant: one for one in foretold}})

    def judged(self, reading: MemoryReading | None) -> FitBoard:
        if reading is None or not self.foretold:
            return self
        from quanttui.pipeline.fitting import judge  # numpy behind it: here already, for it foretold

        return replace(self, fits={fit.variant: fit for fit in judge(list(self.foretold.values()), reading)})

    def too_large(self, variants: Iterable[Variant]) -> list[Fit]:
        fits = (self.fits.get(variant) for variant in variants)
        return [fit for fit in fits if fit is not None and fit.verdict is FitVerdict.DOES_NOT_FIT]


def fit_question(selection: Selection, prompt: str, max_new_tokens: int, *, score: bool) -> FitQuestion | None:
    """None as long as there is nothing to foretell. What stays unquantized beside a quantized reference has the type
    of the default one, as in a run."""
    model, engine = selection.model, selection.engine
    if model is None or model.problem or engine is None:
        return None
    reference = selection.reference
    if reference.precision.is_quantized:
        reference = default_reference(model.dtype, engine.device)
    return FitQuestion(model, reference.precision, text_length(prompt, max_new_tokens), score)


def text_length(prompt: str, max_new_tokens: int) -> int:
    """As before a run; in steps, for every letter asks anew."""
    return -(-most_tokens(prompt, max_new_tokens) // _STEP_TOKENS) * _STEP_TOKENS


def fit_words(fit: Fit) -> str:
    """Why it fits or not, where and for what length, and what would help."""
    where = f" ({fit.device}, {fit.estimate.tokens:,} tokens)" if fit.estimate else ""
    return safe_line(f"{fit.reason}{where}. {fit.advice}".strip())


def warning_words(fits: Sequence[Fit], again: str) -> str:
    names = " and ".join(fit.variant.spelling for fit in fits)
    verb = "does" if len(fits) == 1 else "do"
    return f"{names} {verb} not fit: {fits[0].reason} · {again} again runs all the same"
