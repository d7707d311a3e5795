"""Alignments as people read them, on what the demo model wrote in bf16 and quantized."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanttui.compare.diff import diff_tokens
from quanttui.compare.reading import Reading, read_diff
from quanttui.compare.words import is_one_word, show_spaces
from quanttui.records import DiffOp

# bf16, then what int8 made of the same prompt: two sentences parted, then their common end.
SITTING = (
    " One day, when the king was sitting on the table, he said to his wife: 'I have a great many children",
    " One day, when the king was sitting at the door of the palace, he said to his wife: 'I have a great many children",
)
# bf16, then nf4: stories that part at once and share no more than their function words.
GARDEN = (
    " a large house in the middle of a great hall, and a beautiful lady with a golden crown on her head.\n'Oh, my dear,"
    " how can I be so beautiful?' said the princess.",
    " a large house in which she had been sitting, and she was so delighted with the sight of the princess that she"
    " was quite sure that she would be able to get into the garden.",
)


def pieces_of(text: str) -> list[str]:
    """Words with the blank before them, and single marks, as the demo's tokenizer cuts them."""
    pieces: list[str] = []
    for letter in text:
        joins = pieces and letter.isalpha() and (pieces[-1][-1].isalpha() or pieces[-1] == " ")
        if joins:
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces


def read(ours: Sequence[str], theirs: Sequence[str]) -> Reading:
    return read_diff(diff_tokens([hash(p) for p in ours], [hash(p) for p in theirs]), ours, theirs)


def shown(texts: tuple[str, str]) -> list[str]:
    """The candidate's differences in words."""
    ours, theirs = map(pieces_of, texts)
    return ["".join(theirs[slice(*span.candidate)]) for span in read(ours, theirs).differences]


def test_a_word_shared_by_chance_does_not_cut_a_difference_in_two():
    assert shown(SITTING) == [" at the door of the palace"]


def test_texts_that_share_only_function_words_share_nothing():
    reading = read(*map(pieces_of, GARDEN))
    assert reading.apart is not None
    assert reading.apart == reading.differences[0]
    assert "".join(pieces_of(GARDEN[1])[: reading.apart.candidate[0]]) == " a large house in"


def test_a_short_rest_is_read_as_it_is():
    assert read([" a", " b", " c"], [" a", " x", " y"]).apart is None


def test_a_long_shared_stretch_is_kept_between_longer_differences():
    middle = [f" m{n}" for n in range(10)]
    reading = read([*(f" a{n}" for n in range(14)), *middle], [*(f" b{n}" for n in range(14)), *middle])
    assert [span.op for span in reading.spans] == [DiffOp.REPLACE, DiffOp.EQUAL]
    assert reading.counterpart(15) == 15
    assert reading.counterpart(3) is None


@pytest.mark.parametrize(("theirs", "only"), [([" a", "\n"], True), ([" a", " "], True), ([" a", "."], False)])
def test_texts_that_differ_in_whitespace_alone_are_told_apart(theirs: list[str], only: bool):
    assert read([" a"], theirs).only_spaces is only


TOKENS = st.lists(st.sampled_from([" the", " king", ",", " a", " daughter", "s"]), max_size=40)


@given(TOKENS, TOKENS)
@settings(max_examples=60)
def test_a_reading_covers_both_texts_and_calls_nothing_equal_that_is_not(ours: list[str], theirs: list[str]):
    reading, at = read(ours, theirs), (0, 0)
    for span in reading.spans:
        assert (span.reference[0], span.candidate[0]) == at
        at = (span.reference[1], span.candidate[1])
        if span.op is DiffOp.EQUAL:
            assert ours[slice(*span.reference)] == theirs[slice(*span.candidate)]
    assert at == (len(ours), len(theirs))


@pytest.mark.parametrize(
    ("before", "after", "one"),
    [
        (" daugh", "ters", True),
        (" can", "'t", True),
        (" can'", "t", True),
        (" king", ",", False),
        (",", " and", False),
        (" '", "Oh", False),
        ("", "é", True),
        (" e", "\u0301", True),
        ("日本", "語", False),
    ],
)
def test_where_words_end(before: str, after: str, one: bool):
    assert is_one_word(before, after) is one


def test_every_blank_has_a_glyph_as_wide_as_itself():
    assert show_spaces(" \t\n\u00a0\u2009\u3000x") == "␣→   ⏎\n⍽⍽⍽ x"
