"""The candidates of a run on one line, where the results table has a page of its own; the shown one stands out."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widgets import Static

from quanttui.records import Variant
from quanttui.text import safe_line
from quanttui.tui.bindings import key_names
from quanttui.tui.messages import CandidateRequested
from quanttui.tui.state.side_by_side import MARK
from quanttui.tui.state.variant_view import STAGE_GLYPHS, VariantView
from quanttui.tui.widget_keys import STRIP_COMMANDS


class CandidateBar(Static):
    """Hidden where there are fewer than two candidates. A click shows the candidate under it."""

    def __init__(self) -> None:
        super().__init__(markup=False, classes="-few")
        self._views: Sequence[VariantView] = ()
        self._shown: list[tuple[str, bool]] = []

    def show(self, views: Sequence[VariantView], shown: int, marked: Collection[Variant] = ()) -> None:
        self._views = views
        labels = [(_label(view, view.variant in marked), index == shown) for index, view in enumerate(views)]
        if labels == self._shown:
            return
        self._shown = labels
        self.set_class(len(labels) < 2, "-few")
        names = [Content.styled(text, "bold reverse" if on else "") for text, on in labels]
        keys = key_names(self.app)
        back, on = (keys.all(name, inside=STRIP_COMMANDS) for name in ("previous_candidate", "next_candidate"))
        self.update(Content.assemble(*names, (f"  {back} {on} shows another", "$muted")))

    def on_click(self, event: events.Click) -> None:
        end = 0
        for view, (text, _) in zip(self._views, self._shown, strict=True):
            end += cell_len(text)
            if event.x < end:
                self.post_message(CandidateRequested(view.variant))
                return


def _label(view: VariantView, is_marked: bool) -> str:
    return f" {MARK if is_marked else STAGE_GLYPHS[view.stage]} {safe_line(view.variant.spelling)} "
