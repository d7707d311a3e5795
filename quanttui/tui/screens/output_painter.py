"""Lays a ``RunView`` out over the output panes. Reads the run, writes the widgets; keeps nothing of its own."""

from __future__ import annotations

from dataclasses import replace

from textual.screen import Screen

from quanttui.records import DiffSpan
from quanttui.tui.key_table import DEFAULT_KEYS, KeyNames
from quanttui.tui.state.details import notes_hint
from quanttui.tui.state.painting import Plan
from quanttui.tui.state.pane_words import place_words, subtitle
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.variant_view import Stage, VariantView, figures
from quanttui.tui.widgets.candidate_bar import CandidateBar
from quanttui.tui.widgets.output_pane import OutputPane


def paint_outputs(
    screen: Screen[None], run: RunView | None, cursor: int | None = None, keys: KeyNames = DEFAULT_KEYS
) -> None:
    """Both panes and the bar of candidates, as ``run`` stands; ``cursor`` marks a token of the reference."""
    reference = screen.query_one("#reference", OutputPane)
    candidate = screen.query_one("#candidate", OutputPane)
    if run is None:
        reference.show_empty(f"Press {keys['run']} to run", "The reference answers here, in full precision.")
        words = f"Words that differ from the reference are underlined; {keys['next']} jumps to the next."
        candidate.show_empty("Candidates answer here", words)
        return
    screen.query_one(CandidateBar).show(run.candidates, run.shown)
    plan = Plan(run.reading(), run.current_difference(), None, run.folds(cursor), run.paints_all)
    _paint(reference, run.reference, run, replace(plan, cursor=cursor), keys)
    _paint(candidate, run.candidate, run, plan, keys)
    if run.candidate is not None and run.candidate is run.current and run.candidate.stage is Stage.GENERATING:
        reference.text.keep_in_view(len(run.candidate.tokens))


def paint_hints(screen: Screen[None], run: RunView | None, details_key: str) -> None:
    """Say beside the figures that there are notes to read, and by which key."""
    views = {"#reference": run.reference, "#candidate": run.candidate} if run is not None else {}
    for name, view in views.items():
        screen.query_one(name, OutputPane).show_hint(notes_hint(view, details_key) if view is not None else "")


def scroll_to_difference(screen: Screen[None], span: DiffSpan) -> None:
    """Both texts scroll to ``span``."""
    screen.query_one("#reference", OutputPane).text.scroll_to_token(span.reference[0])
    screen.query_one("#candidate", OutputPane).text.scroll_to_token(span.candidate[0])


def scroll_to_cursor(screen: Screen[None], run: RunView, token: int) -> None:
    """The reference's text scrolls to ``token``, and the candidate's where it has the same."""
    screen.query_one("#reference", OutputPane).text.scroll_to_token(token)
    if (ours := run.reading().counterpart(token)) is not None:
        screen.query_one("#candidate", OutputPane).text.scroll_to_token(ours)


def rest_at_first_difference(screen: Screen[None], run: RunView) -> None:
    """Nothing streams any more: both texts stand where they part, or at their start; a text that was scrolled stays."""
    first = run.differences()[0] if run.differences() else None
    screen.query_one("#reference", OutputPane).text.keep_in_view(first.reference[0] if first else 0)
    screen.query_one("#candidate", OutputPane).text.keep_in_view(first.candidate[0] if first else 0)


def _paint(pane: OutputPane, view: VariantView | None, run: RunView, plan: Plan, keys: KeyNames) -> None:
    if view is None:
        _paint_unsettled(pane, run, keys)
        return
    pane.entitle(view.variant.spelling, place_words(view, run), subtitle(view, run))
    pane.show_figures(figures(view, run.reference) if view.report else ())
    if view.tokens or view.output is not None:
        other = run.candidate if view.is_reference else run.reference
        pane.show_text(view, run.request.prompts[0], plan, other.tokens if other is not None else ())
    else:
        pane.show_waiting(view, _hint(view, keys))
    if run.failure is not None and view.stage is Stage.FAILED:
        pane.show_failure(run.failure, keys["run"])


def _paint_unsettled(pane: OutputPane, run: RunView, keys: KeyNames) -> None:
    """The run has not got as far as to know its reference."""
    pane.entitle("")
    pane.show_figures(())
    pane.clear_text()
    if run.failure is not None:
        pane.show_failure(run.failure, keys["run"])
    else:
        pane.notice.say("the engine is warming up", "", f"{keys['back']} stops it.", tone="busy")


def _hint(view: VariantView, keys: KeyNames) -> str:
    if view.stage is Stage.WAITING:
        return "One model is in memory at a time."
    return "" if view.stage in (Stage.STOPPED, Stage.FAILED, Stage.DONE) else f"{keys['back']} stops it."
