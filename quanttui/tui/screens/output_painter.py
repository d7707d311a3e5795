"""Lays a ``RunView`` out over the output panes. Reads the run, writes the widgets; keeps nothing of its own."""

from __future__ import annotations

from textual.css.query import DOMQuery
from textual.screen import Screen

from quanttui.records import DiffSpan
from quanttui.tui.key_table import DEFAULT_KEYS, KeyNames
from quanttui.tui.state.details import notes_hint
from quanttui.tui.state.painting import Plan
from quanttui.tui.state.pane_words import place_words, subtitle
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.side_by_side import Columns
from quanttui.tui.state.variant_view import Stage, VariantView, row_figures, title_figures
from quanttui.tui.widgets.output_pane import OutputPane

CURRENT = "▸"


def paint_outputs(
    screen: Screen[None],
    run: RunView | None,
    columns: Columns,
    cursor: int | None = None,
    keys: KeyNames = DEFAULT_KEYS,
) -> None:
    """The panes of ``columns``, as ``run`` stands; ``cursor`` marks a token of the reference."""
    reference, candidates = _panes(screen)
    if run is None:
        _paint_empty(reference, candidates, keys)
        return
    reference.display = columns.has_reference
    _paint(reference, run.reference, run, columns, keys, cursor)
    for at, pane in enumerate(candidates):
        view = columns.candidates[at] if at < len(columns.candidates) else None
        pane.display = view is not None
        if view is not None:
            _paint(pane, view, run, columns, keys, cursor)
    follows = run.candidate in run.at_work if run.is_parallel else run.candidate is run.current
    reference_streams = run.reference is not None and run.reference.stage is Stage.GENERATING
    if run.candidate is not None and follows and run.candidate.stage is Stage.GENERATING and not reference_streams:
        reference.text.keep_in_view(len(run.candidate.tokens))


def paint_hints(screen: Screen[None], run: RunView | None, details_key: str) -> None:
    """Say beside the figures that there are notes to read, and by which key."""
    for pane in _all_panes(screen) if run is not None else ():
        view = run.view_of(pane.variant) if run is not None and pane.variant is not None else None
        pane.show_hint(notes_hint(view, details_key) if view is not None else "")


def scroll_to_difference(screen: Screen[None], run: RunView, span: DiffSpan) -> None:
    """The reference and the shown candidate scroll to ``span``."""
    reference, candidates = _panes(screen)
    reference.text.scroll_to_token(span.reference[0])
    for pane in candidates:
        if run.candidate is not None and pane.variant == run.candidate.variant:
            pane.text.scroll_to_token(span.candidate[0])


def scroll_to_cursor(screen: Screen[None], run: RunView, token: int) -> None:
    """The reference's text scrolls to ``token``, and those of the candidates that have the same."""
    reference, candidates = _panes(screen)
    reference.text.scroll_to_token(token)
    for pane in candidates:
        view = run.view_of(pane.variant) if pane.variant is not None else None
        ours = run.reading(view).counterpart(token) if view is not None else None
        if ours is not None:
            pane.text.scroll_to_token(ours)


def rest_at_first_difference(screen: Screen[None], run: RunView) -> None:
    """Nothing streams any more: the texts stand where they part, or at their start; one that was scrolled stays."""
    reference, candidates = _panes(screen)
    first = next(iter(run.differences()), None)
    reference.text.keep_in_view(first.reference[0] if first else 0)
    for pane in candidates:
        view = run.view_of(pane.variant) if pane.variant is not None else None
        first = next(iter(run.differences(view)), None) if view is not None else None
        pane.text.keep_in_view(first.candidate[0] if first else 0)


def _panes(screen: Screen[None]) -> tuple[OutputPane, list[OutputPane]]:
    reference, *candidates = _all_panes(screen)
    return reference, candidates


def _all_panes(screen: Screen[None]) -> DOMQuery[OutputPane]:
    """At every beat, so not looked for all over the screen."""
    return screen.query_one("#outputs").query_children(OutputPane)


def _paint_empty(reference: OutputPane, candidates: list[OutputPane], keys: KeyNames) -> None:
    for pane in (reference, *candidates):
        pane.entitle(None)
        pane.show_hint("")
    reference.show_empty(f"Press {keys['run']} to run", "The reference answers here, in full precision.")
    words = f"Words that differ from the reference are underlined; {keys['next']} jumps to the next."
    candidates[0].show_empty("Candidates answer here", words)
    for pane in candidates[1:]:
        pane.display = False


def _paint(
    pane: OutputPane, view: VariantView | None, run: RunView, columns: Columns, keys: KeyNames, cursor: int | None
) -> None:
    if view is None:
        _paint_unsettled(pane, run, keys)
        return
    sign = CURRENT if view is run.candidate and len(columns.candidates) > 1 else ""
    pane.entitle(view.variant, sign, place_words(view, run, columns), subtitle(view, run))
    pane.show_figures(title_figures(view, run.reference), row_figures(view, run.reference))
    if view.tokens or view.output is not None:
        other = run.candidate if view.is_reference else run.reference
        plan = _plan(view, run, cursor)
        pane.show_text(view, run.request.prompts[0], plan, other.tokens if other is not None else ())
    else:
        pane.show_waiting(view, _hint(view, run, keys))
    if run.failure is not None and view.stage is Stage.FAILED:
        pane.show_failure(run.failure, keys["run"])


def _plan(view: VariantView, run: RunView, cursor: int | None) -> Plan:
    """The reference is painted as it lies beside the shown candidate, each candidate as it lies beside the
    reference; the difference that is jumped to is the shown candidate's."""
    beside = run.candidate if view.is_reference else view
    current = run.current_difference() if beside is run.candidate else None
    folds = run.folds(cursor if beside is run.candidate else None, beside)
    return Plan(run.reading(beside), current, cursor if view.is_reference else None, folds, run.paints_all)


def _paint_unsettled(pane: OutputPane, run: RunView, keys: KeyNames) -> None:
    """The run has not got as far as to know its reference."""
    pane.entitle(None)
    pane.show_figures((), ())
    pane.clear_text()
    if run.failure is not None:
        pane.show_failure(run.failure, keys["run"])
    else:
        pane.notice.say("the engine is warming up", "", f"{keys['back']} stops it.", tone="busy")


def _hint(view: VariantView, run: RunView, keys: KeyNames) -> str:
    if view.stage is Stage.WAITING:
        return "Waits for a place beside the others." if run.is_parallel else "One model is in memory at a time."
    return "" if view.stage in (Stage.STOPPED, Stage.FAILED, Stage.DONE) else f"{keys['back']} stops it."
