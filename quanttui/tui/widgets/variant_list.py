"""The Variants pane: the reference, and the candidates to tick; how large each is, and whether it fits."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList

from quanttui.records import FitVerdict, Variant
from quanttui.text import safe_line
from quanttui.tui.bindings import keyed_title
from quanttui.tui.messages import VariantTickRequested
from quanttui.tui.state.fit_view import MARKS, FitBoard, fit_words
from quanttui.tui.state.selection import DESCRIPTIONS, Selection
from quanttui.tui.widgets.choice_list import ChoiceList
from quanttui.tui.widgets.steady_text import SteadyText
from quanttui.tui.widgets.variant_rows import variant_row


class VariantList(Vertical):
    ALLOW_MAXIMIZE = True

    def __init__(self) -> None:
        super().__init__(id="variants", classes="pane")
        self._selection = Selection()
        self._board = FitBoard()

    def compose(self) -> ComposeResult:
        yield ChoiceList("variant-choices")
        yield SteadyText(classes="detail")

    def on_mount(self) -> None:
        self.border_title = keyed_title(self.app, "variants", "Variants")

    @property
    def highlighted(self) -> Variant | None:
        at = self.query_one(ChoiceList).highlighted
        return None if at is None or at >= len(self._selection.offered) else self._selection.offered[at]

    def show(self, selection: Selection, board: FitBoard) -> None:
        self._selection, self._board = selection, board
        self.query_one(ChoiceList).show_rows([variant_row(variant, selection, board) for variant in selection.offered])
        self._tell_highlighted()

    def highlight(self, variant: Variant) -> None:
        self.query_one(ChoiceList).highlighted = self._selection.offered.index(variant)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._tell_highlighted()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(VariantTickRequested(self._selection.offered[event.option_index]))

    def _tell_highlighted(self) -> None:
        if (variant := self.highlighted) is not None:
            self.query_one(SteadyText).show(self._detail(variant))

    def _detail(self, variant: Variant) -> Content:
        """What it is; where that is known, whether it fits and why."""
        if reason := self._selection.why_not(variant):
            return Content.styled(safe_line(f"✗ {reason}"), "$error")
        description, fit = DESCRIPTIONS[variant.precision], self._board.fits.get(variant)
        if fit is None:
            return Content(description)
        word, colour = MARKS[fit.verdict]
        if fit.verdict is FitVerdict.FITS:
            return Content(f"{description} · {fit_words(fit)}")
        return Content.assemble((word, colour), f" · {fit_words(fit)}")
