"""The divergence pane: summary, strip and inspector as one. Gets values, posts intents; runs and stores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from quanttui.records import DivergenceSummary, Score, TokenScore, Variant
from quanttui.text import safe_line
from quanttui.tui.bindings import bindings_of, key_names
from quanttui.tui.visible import visible_piece
from quanttui.tui.widget_keys import DIVERGENCE_COMMANDS
from quanttui.tui.widgets.inspector import TokenInspector
from quanttui.tui.widgets.inspector_text import InspectorView
from quanttui.tui.widgets.legend import StripLegend
from quanttui.tui.widgets.strip import NOTHING_YET, DivergenceStrip
from quanttui.tui.widgets.summary_line import SummaryLine

_SNUG_BELOW_LINES = 24
_SHORT_BELOW_LINES = 16
_CONTEXT_TOKENS = 60
_NO_TOKENS = "The reference wrote no token: there is nothing to measure."


class DivergencePane(Vertical):
    """How far apart two models are on one text, token by token.

    ``DivergenceStrip.CursorMoved`` and ``Hinted`` bubble out of here: the screen can move the reference's highlight
    with the one and say the other. ``key`` leads here.
    """

    ALLOW_MAXIMIZE = True
    DEFAULT_CSS = """
    DivergencePane {
        height: auto;
        max-height: 24;
        border: round $foreground 30%;
        border-title-color: $foreground;
        border-subtitle-color: $text-muted;
        padding: 0 1;

        &:focus-within { border: round $border; }
        & SummaryLine { margin-bottom: 1; }
        & TokenInspector { margin-top: 1; height: auto; }
        &.-fill TokenInspector { height: 1fr; }
        &.-snug SummaryLine, &.-snug TokenInspector { margin: 0; }
        &.-snug DivergenceStrip { max-height: 6; }
        &.-short SummaryLine { max-height: 3; }
        &.-short DivergenceStrip { max-height: 2; }
        &.-empty StripLegend, &.-empty TokenInspector, &.-empty SummaryLine { display: none; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(DIVERGENCE_COMMANDS)

    @dataclass
    class ForceTokenRequested(Message):
        """Let ``variant`` write on after ``forced_token_ids``: the scored text up to ``position`` (of prompt and
        continuation) and, in place of what follows, ``token_id``. ``index`` counts scored tokens from 0."""

        pane: DivergencePane
        variant: Variant
        index: int
        position: int
        token_id: int
        text: str
        forced_token_ids: tuple[int, ...]

        @property
        def control(self) -> DivergencePane:
            return self.pane

    def __init__(self, widget_id: str | None = None, key: str | None = None) -> None:
        super().__init__(id=widget_id, classes="pane")
        self._key = f"{key} " if key else ""
        self._score: Score | None = None
        self._variants: tuple[Variant, Variant] | None = None
        self._pieces: tuple[str, ...] = ()
        self._scope = ""

    def compose(self) -> ComposeResult:
        yield SummaryLine()
        yield DivergenceStrip()
        yield StripLegend()
        yield TokenInspector()

    def on_mount(self) -> None:
        self.set_result(None, None)

    def on_resize(self, event: events.Resize) -> None:
        """In a height given from outside the inspector takes what is left, and little height leaves words out."""
        given = not self.styles.auto_dimensions
        self.set_class(given, "-fill")
        self.set_class(given and event.size.height < _SNUG_BELOW_LINES, "-snug")
        self.set_class(given and event.size.height < _SHORT_BELOW_LINES, "-short")

    def set_result(
        self,
        score: Score | None,
        summary: DivergenceSummary | None,
        variants: tuple[Variant, Variant] | None = None,
        pieces: Sequence[str] = (),
        note: str = NOTHING_YET,
        parted: tuple[int, str] | None = None,
    ) -> None:
        """Show what was measured between ``variants`` (reference, candidate), or ``note`` where nothing was.

        ``pieces``: the text of each scored token as the output has it, where it is known; without it the tokens'
        own texts stand in the context. ``parted``: the token at which the candidate's own text leaves the reference's,
        and what it wrote there.
        """
        self._parted = parted
        self._score, self._variants = score, variants
        tokens = score.tokens if score else ()
        self._pieces = tuple(pieces) if len(pieces) >= len(tokens) else tuple(token.text for token in tokens)
        self.set_class(not tokens, "-empty")
        self.border_title = self._title()
        self._scope = f"{summary.tokens} tokens, {safe_line(summary.scope)}" if summary else ""
        self.border_subtitle = Content(self._scope)
        self.query_one(SummaryLine).show(summary, _summary_note(len(tokens)))
        self.query_one(StripLegend).show(*self._names())
        self.query_one(TokenInspector).show(None)
        self.query_one(DivergenceStrip).set_score(score, _NO_TOKENS if score and not tokens else note)
        self.refresh_bindings()

    @property
    def score(self) -> Score | None:
        """What is shown."""
        return self._score

    def move_to(self, index: int) -> None:
        """Put the cursor on a scored token, as when the reader moves over the reference's text."""
        self.query_one(DivergenceStrip).move_to(index)

    def _names(self) -> tuple[str, str]:
        ours, theirs = self._variants or ("the reference", "the candidate")
        return safe_line(str(ours)), safe_line(str(theirs))

    def _title(self) -> Content:
        if not self._variants:
            return Content.assemble((self._key, "$foreground-muted"), "Divergence")
        ours, theirs = self._names()
        words = f"Divergence · KL({ours}‖{theirs}), nats per token"
        return Content.assemble((self._key, "$foreground-muted"), words)

    @on(DivergenceStrip.CursorMoved)
    def _inspect(self, event: DivergenceStrip.CursorMoved) -> None:
        if self._score is None:
            return
        count = len(self._score.tokens)
        self.border_subtitle = Content(f"worst {event.rank} of {count}" if event.rank else self._scope)
        ours, theirs = self._names()
        start = max(0, event.index - _CONTEXT_TOKENS)
        view = InspectorView(
            token=event.token,
            index=event.index,
            count=count,
            noise_nats=self._score.noise_floor.mean,
            reference=ours,
            candidate=theirs,
            before="".join(self._pieces[start : event.index]),
            after="".join(self._pieces[event.index + 1 : event.index + 1 + _CONTEXT_TOKENS]),
            wrote=self._parted[1] if self._parted is not None and self._parted[0] == event.index else None,
        )
        self.query_one(TokenInspector).show(view)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is offered to be forced while there is no token."""
        if action in ("force_candidate", "force_reference"):
            return self._score is not None and bool(self._score.tokens)
        return super().check_action(action, parameters)

    def action_force_candidate(self) -> None:
        """The candidate takes the token that the reference wrote."""
        token = self._token_to_force()
        if token and self._variants:
            self._request(self._variants[1], token, token.token_id, token.text)

    def action_force_reference(self) -> None:
        """The reference takes the candidate's first choice."""
        token = self._token_to_force()
        if token and self._variants:
            top = token.candidate_top[0]
            self._request(self._variants[0], token, top.token_id, top.text)

    def _token_to_force(self) -> TokenScore | None:
        token = self.query_one(DivergenceStrip).token
        if token is None or not token.candidate_top:
            return None
        if token.candidate_top[0].token_id == token.token_id:
            piece, onward = visible_piece(token.text), key_names(self.app)["token_next"]
            words = f"nothing to force: {self._names()[1]} takes {piece} here too · {onward} goes on to where they part"
            self.post_message(DivergenceStrip.Hinted(words))
            return None
        return token

    def _request(self, variant: Variant, token: TokenScore, token_id: int, text: str) -> None:
        assert self._score is not None
        index = self.query_one(DivergenceStrip).cursor
        before = tuple(earlier.token_id for earlier in self._score.tokens[:index])
        self.post_message(
            self.ForceTokenRequested(self, variant, index, token.position, token_id, text, (*before, token_id))
        )


def _summary_note(tokens: int) -> str:
    return "One token says nothing about a model: no summary." if tokens == 1 else "No summary of this text yet."
