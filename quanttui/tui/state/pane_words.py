"""What an output pane's edges say in a few words: which candidate, how its text ended, where it parts."""

from __future__ import annotations

from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.side_by_side import Columns
from quanttui.tui.state.status import divergence_words
from quanttui.tui.state.variant_view import VariantView

_ENDED = {
    "eos": "ended by the model",
    "length": "cut at max new tokens",
    "context": "the context is full",
    "cancelled": "stopped",
}


def place_words(view: VariantView, run: RunView, columns: Columns) -> str:
    """Which of how many, where not all of them are on the screen."""
    if view.is_reference or len(run.candidates) <= len(columns.candidates):
        return ""
    return f"{run.candidates.index(view) + 1} of {len(run.candidates)}"


def subtitle(view: VariantView, run: RunView) -> str:
    """Of the reference how it ended, of the candidate how it lies beside it."""
    if view.is_reference:
        return f"{len(view.tokens)} tokens, {_ENDED[view.output.finish_reason]}" if view.output is not None else ""
    differences = run.differences(view)
    if view is run.candidate and run.cursor is not None and differences:
        return f"difference {run.cursor + 1} of {len(differences)}{_not_painted(run)}"
    if view.output is not None:
        return _finished(view, run)
    if not view.tokens:
        return ""
    return f"parts at token {differences[0].candidate[0] + 1}" if differences else "the same so far"


def _not_painted(run: RunView) -> str:
    """Said of the difference that is jumped to."""
    apart = run.reading().apart
    return ", hardly anything shared" if apart is not None and apart == run.current_difference() else ""


def _finished(view: VariantView, run: RunView) -> str:
    reading = run.reading(view)
    if reading.only_spaces:
        where = "trailing " if _only_at_end(view, run) else ""
        return f"differs in {where}whitespace only"
    if reading.apart is None or run.paints_all:
        return divergence_words(view, run.reference)
    return f"hardly anything shared from {reading.apart.candidate[0] + 1}: not painted"


def _only_at_end(view: VariantView, run: RunView) -> bool:
    assert run.reference is not None
    return view.text.rstrip() == run.reference.text.rstrip()
