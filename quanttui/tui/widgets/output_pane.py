"""One output: its text, and beside it what it cost. Shows a ``VariantView``; decides nothing."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from quanttui.records import Token, Variant
from quanttui.records.events import RunFailed
from quanttui.text import safe_line
from quanttui.tui import measures
from quanttui.tui.state.painter import Painter
from quanttui.tui.state.painting import Plan
from quanttui.tui.state.variant_view import Figure, Stage, VariantView
from quanttui.tui.widgets.figure_rows import figure_line, with_hint
from quanttui.tui.widgets.notice import Notice
from quanttui.tui.widgets.token_text import TokenText

_BAR = 24
_CORNERS = 6


class OutputPane(Vertical):
    """``key`` leads here; ``role`` is "Reference" or "Candidate"."""

    ALLOW_MAXIMIZE = True

    def __init__(self, key: str, role: str, widget_id: str) -> None:
        super().__init__(id=widget_id, classes="pane")
        self.key, self.role = key, role
        self.variant: Variant | None = None
        self._costs: Sequence[Figure] = ()
        self._figures: Sequence[Figure] = ()
        self._hint = ""
        self._painter = Painter()
        self._sign = self._place = ""
        self._title: Content | None = None
        self._subtitle: Content | None = None

    def compose(self) -> ComposeResult:
        yield Notice()
        yield TokenText()
        yield Static(markup=False, classes="figures")

    def on_mount(self) -> None:
        self.entitle(None)

    @property
    def text(self) -> TokenText:
        return self.query_one(TokenText)

    @property
    def notice(self) -> Notice:
        return self.query_one(Notice)

    def entitle(self, variant: Variant | None, sign: str = "", place: str = "", subtitle: str = "") -> None:
        """``sign``: marks the one that keys act on; ``place``: which of how many; ``subtitle``: the first divergence
        in words."""
        self.variant, self._sign, self._place = variant, sign, place
        self._lay_title()
        words = Content(subtitle)
        if words != self._subtitle:
            self._subtitle = self.border_subtitle = words

    def show_text(self, view: VariantView, prompt: str, plan: Plan, other: Sequence[Token] = ()) -> None:
        """``view``'s text as ``plan`` has it, beside the ``other`` one. Called again, it paints what has changed."""
        self.notice.hush()
        change = self._painter.paint(view, prompt, plan, other)
        self.text.go_on(change.kept, change.pieces)

    def clear_text(self) -> None:
        self._painter.forget()
        self.text.show(())

    def show_figures(self, costs: Sequence[Figure], figures: Sequence[Figure]) -> None:
        """``costs`` stand in the title, ``figures`` beneath the text."""
        if list(costs) != list(self._costs) or list(figures) != list(self._figures):
            self._costs, self._figures = costs, figures
            self._lay_title()
            self._lay_figures()

    def show_hint(self, hint: str) -> None:
        """A few quiet words beside the figures, where there is room."""
        if hint != self._hint:
            self._hint = hint
            self._lay_figures()

    def on_resize(self) -> None:
        self._lay_title()
        self._lay_figures()

    def show_empty(self, title: str, body: str) -> None:
        self._clear()
        self.notice.say(title, body)

    def show_waiting(self, view: VariantView, hint: str) -> None:
        """What is waited for before the first token."""
        self.clear_text()
        body = ""
        if view.stage is Stage.LOADING and view.total:
            filled, rest = measures.bar(view.done / view.total, _BAR)
            body = f"{filled}{rest}  {view.done} of {view.total}"
        self.notice.say(_WAITING[view.stage], body, hint, tone="busy")

    def show_failure(self, failure: RunFailed, run_key: str) -> None:
        """What happened, why, what next; beneath it, what there was."""
        if failure.was_cancelled:
            self.notice.say("◼ stopped", "", f"{run_key} runs again.", tone="warning")
        else:
            self.notice.say("✗ this run failed", failure.message, failure.hint, tone="bad")

    def _clear(self) -> None:
        self.clear_text()
        self.show_figures((), ())

    def _lay_title(self) -> None:
        """As much as the width has room for: what can be read elsewhere gives way first."""
        room = self.outer_size.width - _CORNERS
        offers = (self._heading(role, place, costs) for role, place, costs in _LESS_AND_LESS)
        longest = self._heading(True, True, True)
        title = next((offer for offer in offers if offer.cell_length <= room), longest)
        if title != self._title:
            self._title = self.border_title = title

    def _heading(self, role: bool, place: bool, costs: bool) -> Content:
        name = safe_line(self.variant.spelling) if self.variant is not None else ""
        parts = [self._sign, self.role if role or not name else "", name]
        heading = Content.assemble((f"{self.key} ", "$muted"), *_named(*parts))
        if place and self._place:
            heading = Content.assemble(heading, (f" {self._place}", "$muted"))
        if costs and self._costs:
            words = " · ".join(_cost(figure) for figure in self._costs)
            heading = Content.assemble(heading, (f" · {words}", "$muted"))
        return heading

    def _lay_figures(self) -> None:
        """One line of them, as many as there is room for."""
        line = self.query_one(".figures", Static)
        line.display = bool(self._figures)
        if self._figures:
            width = max(20, self.content_size.width)
            line.update(with_hint(figure_line(self._figures, width - len(self._hint)), self._hint, width), layout=False)


# role, place and costs, or some of them
_LESS_AND_LESS = ((True, True, True), (True, False, True), (False, False, True), (True, True, False))


def _named(sign: str, role: str, name: str) -> list[str | tuple[str, str]]:
    return [f"{sign} " if sign else "", role, " " if role and name else "", (name, "bold")]


def _cost(figure: Figure) -> str:
    return f"{figure.value} ({figure.ratio})" if figure.ratio else figure.value


_WAITING = {
    Stage.WAITING: "waits for its turn",
    Stage.LOADING: "loading weights",
    Stage.PREPARING: "getting ready",
    Stage.GENERATING: "reading the prompt",
    Stage.SCORING: "scoring",
    Stage.DONE: "no text: the model ended at once",
    Stage.FAILED: "failed",
    Stage.STOPPED: "not run",
}
