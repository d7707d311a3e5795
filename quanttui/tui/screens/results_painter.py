"""Lays a ``RunView`` out over the results table, and over the line of candidates where the table has no room."""

from __future__ import annotations

from textual.screen import Screen

from quanttui.tui.key_table import KeyNames
from quanttui.tui.state.results import result_rows
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.side_by_side import Marks
from quanttui.tui.widget_keys import STRIP_COMMANDS
from quanttui.tui.widgets.candidate_bar import CandidateBar
from quanttui.tui.widgets.results_table import ResultsTable


def paint_results(screen: Screen[None], run: RunView | None, marks: Marks, keys: KeyNames) -> None:
    if run is None:
        screen.query_one(CandidateBar).show((), 0)
        screen.query_one(ResultsTable).show((), (), 0)
        return
    variants = [view.variant for view in run.candidates]
    screen.query_one(CandidateBar).show(run.candidates, run.shown, marks.variants)
    screen.query_one(ResultsTable).show(result_rows(run, marks.variants), variants, run.shown, _note(run, marks, keys))


def _note(run: RunView, marks: Marks, keys: KeyNames) -> str:
    """The next step: going through the candidates, marking them, seeing the marked ones."""
    if len(run.candidates) < 2:
        return ""
    if marked := len(marks.of(run.candidates)):
        then = "ends it" if marks.is_on else "shows them side by side"
        return f"{marked} marked · {keys['compare']} {then} · {keys['clear']} clears"
    back, on = (keys.all(name, inside=STRIP_COMMANDS) for name in ("previous_candidate", "next_candidate"))
    return f"{back} {on} shows another · {keys['mark']} marks"
