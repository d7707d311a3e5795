"""A candidate's text with what is not in the reference's painted: in colour, and in [brackets] for eyes without it."""

from __future__ import annotations

from rich.text import Text

from quanttui.records import CandidateResult, DiffOp
from quanttui.text import safe_text

_CHANGED = "bold underline yellow"
_MISSING = "[…]"


def plain_output(text: str) -> Text:
    """A model's text as data: nothing in it acts."""
    return Text(safe_text(text))


def painted_output(candidate: CandidateResult) -> Text:
    """[Brackets] around tokens that the reference lacks; […] where tokens of the reference are missing."""
    painted = Text()
    for span in candidate.diff:
        piece = safe_text("".join(candidate.output.pieces[slice(*span.candidate)]))
        if span.op is DiffOp.EQUAL:
            painted.append(piece)
        elif span.op is DiffOp.DELETE:
            painted.append(_MISSING, _CHANGED)
        else:
            append_marked(painted, piece)
    return painted


def append_marked(painted: Text, piece: str) -> None:
    """The blank before a word stays outside of its bracket."""
    words = piece.lstrip(" ")
    painted.append(piece[: len(piece) - len(words)])
    painted.append(f"[{words}]", _CHANGED)
