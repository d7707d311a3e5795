"""Two token sequences, aligned. Knows ids only: what the reader sees is painted elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from quanttui.records import DiffOp, DiffSpan


def diff_tokens(reference: Sequence[int], candidate: Sequence[int]) -> tuple[DiffSpan, ...]:
    """Spans that turn ``reference`` into ``candidate``; together they cover both without gap or overlap.

    What both begin with is always one equal span: the first divergence is where it ends.
    """
    common = first_divergence(reference, candidate)
    if common is None:
        common = len(reference)
    head = [DiffSpan(DiffOp.EQUAL, (0, common), (0, common))] if common else []
    rest = SequenceMatcher(None, reference[common:], candidate[common:], autojunk=False)
    return (
        *head,
        *(
            DiffSpan(DiffOp(op), (i1 + common, i2 + common), (j1 + common, j2 + common))
            for op, i1, i2, j1, j2 in rest.get_opcodes()
        ),
    )


def first_divergence(reference: Sequence[int], candidate: Sequence[int]) -> int | None:
    """Index of the first token that differs; None where equal; the shorter length where one begins the other."""
    for index, (ours, theirs) in enumerate(zip(reference, candidate, strict=False)):
        if ours != theirs:
            return index
    return None if len(reference) == len(candidate) else min(len(reference), len(candidate))
