"""What an output pane's edges say in a few words: which candidate, how its text ended, where it parts."""

from __future__ import annotations

from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.status import divergence_words
from quanttui.tui.state.variant_view import VariantView

_ENDED = {
    "eos": "ended by the model",
    "length": "cut at max new tokens",
    "context": "the context is full",
    "cancelled": "stopped",
}


def place_words(view: VariantView, run: RunView) -> str:
    if view.is_reference or len(run.candidates) < 2:
        return ""
    return f"{run.shown + 1} of {len(run.candidates)}"


def subtitle(view: VariantView, run: RunView) -> str:
    """Of the reference how it ended, of the candidate how it lies beside it."""
    if view.is_reference:
        return f"{len(view.tokens)} tokens, {_ENDED[view.output.finish_reason]}" if view.output is not None else ""
    differences = len(run.differences())
    if run.cursor is not None and differences:
        return f"difference {run.cursor + 1} of {differences}{_not_painted(run)}"
    if view.output is not None:
        return _finished(view, run)
    if not view.tokens:
        return ""
    return f"parts at token {run.differences()[0].candidate[0] + 1}" if differences else "the same so far"


def _not_painted(run: RunView) -> str:
    """Said of the difference that is jumped to."""
    apart = run.reading().apart
    return ", shares nothing" if apart is not None and apart == run.current_difference() else ""


def _finished(view: VariantView, run: RunView) -> str:
    reading = run.reading()
    if reading.only_spaces:
        where = "trailing " if _only_at_end(view, run) else ""
        return f"differs in {where}whitespace only"
    if reading.apart is None or run.paints_all:
        return divergence_words(view, run.reference)
    return f"nothing shared from {reading.apart.candidate[0] + 1}: not painted"


def _only_at_end(view: VariantView, run: RunView) -> bool:
    assert run.reference is not None
    return view.text.rstrip() == run.reference.text.rstrip()
