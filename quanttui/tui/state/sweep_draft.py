"""What is ticked in the sweep's form, and how much that is to read. Pure; the typed fields are ``sweep_form``'s."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from quanttui.records import FitVerdict, SweepProtocol, Variant
from quanttui.suite.built_in import built_in_categories, built_in_prompts, built_in_text
from quanttui.tui.state.fit_view import FitBoard
from quanttui.tui.state.selection import Selection

_CHARACTERS_PER_TOKEN = 4
"""Of English in the usual tokenizers: an estimate is made with it, and no figure."""
_FITTING = (FitVerdict.FITS, FitVerdict.TIGHT)


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """How much the user's own files hold, as far as they were read."""

    prompts: int = 0
    characters: int = 0


@dataclass(frozen=True, slots=True)
class SweepSize:
    """How much there is to read. ``windows``: of text, estimated; ``cells``: every variant's units together."""

    models: int
    prompts: int
    windows: int

    @property
    def cells(self) -> int:
        return self.models * (self.prompts + self.windows)

    def words(self) -> str:
        """``4 models read 80 prompts and about 18 windows of text: about 392 cells``."""
        prompts = f"{self.prompts:,} prompt{'s' if self.prompts != 1 else ''}" if self.prompts else ""
        windows = f"about {self.windows:,} window{'s' if self.windows != 1 else ''} of text" if self.windows else ""
        about = "about " if self.windows else ""
        return (
            f"{self.models} models read {' and '.join(filter(None, (prompts, windows)))}: {about}{self.cells:,} cells"
        )


@dataclass(frozen=True, slots=True)
class SweepDraft:
    """``left_out``: categories of the built-in suite that are not read."""

    selection: Selection
    left_out: frozenset[str] = frozenset()
    built_in_text: bool = True

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(each for each in built_in_categories() if each not in self.left_out)

    def with_tick(self, variant: Variant) -> SweepDraft:
        """The reference keeps its place, and what cannot run here has none."""
        if variant == self.selection.reference or self.selection.why_not(variant):
            return self
        return replace(self, selection=self.selection.with_tick(variant))

    def with_offer(self, variant: Variant) -> SweepDraft:
        return replace(self, selection=self.selection.with_offer(variant))

    def with_fitting(self, board: FitBoard) -> SweepDraft:
        """Every variant that fits ticked, as far as that is foretold."""
        fits = {each for each in self.selection.possible if (fit := board.fits.get(each)) and fit.verdict in _FITTING}
        return replace(self, selection=replace(self.selection, ticked=self.selection.ticked | fits))

    def with_turn(self, line: int) -> SweepDraft:
        """The tick of a line of what is read turned over: a category, or the built-in text behind them."""
        categories = built_in_categories()
        if line < len(categories):
            return replace(self, left_out=self.left_out ^ {categories[line]})
        return replace(self, built_in_text=not self.built_in_text)

    def with_all_read(self) -> SweepDraft:
        """All that is built in; nothing of it where that is ticked already."""
        is_all = not self.left_out and self.built_in_text
        return replace(
            self, left_out=frozenset(built_in_categories()) if is_all else frozenset(), built_in_text=not is_all
        )

    def size(self, own: OwnFiles, context_length: int | None, text_tokens: int | None) -> SweepSize:
        characters = own.characters + (len(built_in_text().text) if self.built_in_text else 0)
        counts = prompts_by_category()
        prompts = own.prompts + sum(counts[category] for category in self.categories)
        windows = window_count(characters, context_length, text_tokens)
        return SweepSize(1 + len(self.selection.candidates), prompts, windows)


def prompts_by_category() -> Mapping[str, int]:
    """How many prompts of each category the built-in suite has, in its order."""
    return Counter(prompt.category for prompt in built_in_prompts())


def window_count(characters: int, context_length: int | None, text_tokens: int | None) -> int:
    """About how many windows ``characters`` of text make. ``text_tokens``: at most so many are scored, half of every
    window."""
    window = min(SweepProtocol().context_length, context_length or math.inf)
    tokens = characters / _CHARACTERS_PER_TOKEN
    if text_tokens is not None:
        tokens = min(tokens, 2 * text_tokens)
    return math.ceil(tokens / window)
