"""A candidate's text in brackets: whole words, blanks that differ, and no brackets where nothing is shared."""

from __future__ import annotations

import pytest

from quanttui.cli.painted import difference_words, painted_output, reading_of
from quanttui.compare.diff import diff_tokens, first_divergence
from quanttui.records import CandidateResult, FinishReason, Output, Precision, Variant

WORDS = [f" w{n}" for n in range(50)]


def output(pieces: list[str]) -> Output:
    ids = tuple(hash(piece) for piece in pieces)
    return Output("".join(pieces), ids, tuple(pieces), (), FinishReason.LENGTH, (), None, None)


def painted(ours: list[str], theirs: list[str]) -> tuple[str, str]:
    """The candidate's text as painted, and the words over it."""
    reference, own = output(ours), output(theirs)
    spans = diff_tokens(reference.token_ids, own.token_ids)
    first = first_divergence(reference.token_ids, own.token_ids)
    candidate = CandidateResult(Variant(Precision.NF4), own, first, spans)
    reading = reading_of(candidate, reference)
    return painted_output(candidate, reference, reading).plain, difference_words(candidate, reading)


@pytest.mark.parametrize(
    ("ours", "theirs", "shown"),
    [
        ([" a", " b", " c"], [" a", " x", " c"], " a [x] c"),
        ([" a", " daugh", "ters", " c"], [" a", " daugh", "ter", " c"], " a [daughter] c"),
        ([" a", " so", " b"], [" a", " b"], " a[…] b"),
        ([" a", " b"], [" a", " b", " "], " a b[␣]"),
        ([" a", " b", "\n"], [" a", " b", "\t"], " a b[→   ]"),
    ],
)
def test_what_differs_stands_in_brackets(ours: list[str], theirs: list[str], shown: str):
    assert painted(ours, theirs)[0] == shown


def test_texts_that_share_nothing_are_not_marked_and_it_is_said():
    text, words = painted(WORDS, [*WORDS[:3], *(f" x{n}" for n in range(40))])
    assert "[" not in text
    assert " w2 ▷x0" in text
    assert words == "parts from the reference at token 4, hardly anything shared from there on: not marked"


def test_whitespace_alone_is_said():
    assert painted([" a"], [" a", "\n"])[1] == "differs from the reference in whitespace only, at token 2, [marked]"


def test_every_word_is_there():
    theirs = [*WORDS[:9], " x", *WORDS[9:20], *WORDS[25:]]
    assert painted(WORDS, theirs)[0].replace("[…]", "").replace("[", "").replace("]", "") == "".join(theirs)
