"""One output: its text, and beside it what it cost. Shows a ``VariantView``; decides nothing."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from quanttui.records import Token
from quanttui.records.events import RunFailed
from quanttui.text import safe_line
from quanttui.tui import measures
from quanttui.tui.state.painter import Painter
from quanttui.tui.state.painting import Plan
from quanttui.tui.state.variant_view import Figure, Stage, VariantView
from quanttui.tui.widgets.figure_rows import figure_line, figure_rows, with_hint
from quanttui.tui.widgets.notice import Notice
from quanttui.tui.widgets.token_text import TokenText

_BAR = 24
_IN_TITLE = 2


class OutputPane(Vertical):
    """``key`` leads here; ``role`` is "Reference" or "Candidate"."""

    ALLOW_MAXIMIZE = True

    def __init__(self, key: str, role: str, widget_id: str) -> None:
        super().__init__(id=widget_id, classes="pane")
        self.key, self.role = key, role
        self._figures: Sequence[Figure] = ()
        self._hint = ""
        self._figure_lines = -1
        self._painter = Painter()
        self._heading = Content("")
        self._title: Content | None = None
        self._subtitle: Content | None = None

    def compose(self) -> ComposeResult:
        yield Notice()
        yield TokenText()
        yield Static(markup=False, classes="figures")

    def on_mount(self) -> None:
        self.entitle("")

    @property
    def text(self) -> TokenText:
        return self.query_one(TokenText)

    @property
    def notice(self) -> Notice:
        return self.query_one(Notice)

    def entitle(self, variant: str, place: str = "", subtitle: str = "") -> None:
        """``place``: which of how many; ``subtitle``: the first divergence in words."""
        self._heading = Content.assemble(
            (f"{self.key} ", "$muted"),
            self.role,
            (f" {safe_line(variant)}", "bold") if variant else "",
            (f" {place}", "$muted") if place else "",
        )
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

    def show_figures(self, figures: Sequence[Figure]) -> None:
        if list(figures) != list(self._figures):
            self._figures = figures
            self._lay_figures()

    def show_hint(self, hint: str) -> None:
        """A few quiet words beside the figures, where there is room."""
        if hint != self._hint:
            self._hint = hint
            self._lay_figures()

    def on_resize(self) -> None:
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
        self.show_figures(())

    def _lay_title(self) -> None:
        """On a page of its own the pane has room for figures in its title: those that do not change while tokens
        come in, as a new title repaints the whole pane."""
        title = self._heading
        if self._figures and self._has_pages:
            title = Content.assemble(title, ("  ", ""), figure_line(self._figures[:_IN_TITLE]))
        if title != self._title:
            self._title = self.border_title = title

    def _lay_figures(self) -> None:
        line = self.query_one(".figures", Static)
        shown = self._figures[_IN_TITLE:] if self._has_pages else self._figures
        line.display = bool(shown)
        if shown:
            width = max(20, self.content_size.width)
            rows = with_hint(figure_rows(shown, width), self._hint, width)
            lines = rows.plain.count("\n")
            line.update(rows, layout=lines != self._figure_lines)
            self._figure_lines = lines
        self._lay_title()

    @property
    def _has_pages(self) -> bool:
        return self.screen.has_class("-narrow")


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
