"""An output as pieces: what differs, out to whole words; where the marks stand; how blanks and the end show."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanttui.compare.diff import diff_tokens
from quanttui.compare.reading import Reading, read_diff
from quanttui.records import DiffOp, DiffSpan, FinishReason, Output, Precision, Token, Variant
from quanttui.tui.state.folding import folds_of
from quanttui.tui.state.looks import Look
from quanttui.tui.state.painter import Painter
from quanttui.tui.state.painting import Piece, Plan, paint_tokens, prompt_tail
from quanttui.tui.state.variant_view import VariantView

WORDS = [f" w{n}" for n in range(60)]


def view_of(words: list[str], *, is_reference: bool, ended: bool = False) -> VariantView:
    tokens = [Token(i, sum(ord(c) * 99**k for k, c in enumerate(w)), w, 0.5, 0.1) for i, w in enumerate(words)]
    view = VariantView(Variant(Precision.NF4), is_reference, tokens=tokens)
    if ended:
        ids = tuple(token.token_id for token in tokens)
        view.output = Output("", ids, tuple(words), (), FinishReason.EOS, (), None, None)
    return view


def reading_of(ours: list[str], theirs: list[str]) -> Reading:
    reference, candidate = view_of(ours, is_reference=True), view_of(theirs, is_reference=False)
    return read_diff(diff_tokens(reference.token_ids, candidate.token_ids), ours, theirs)


def flat(painted: list[list[Piece]]) -> list[tuple[str, Look]]:
    return [(piece.text, piece.look) for pieces in painted for piece in pieces]


def painted(ours: list[str], theirs: list[str], *, is_reference: bool, **plan: object) -> list[tuple[str, Look]]:
    reference, candidate = view_of(ours, is_reference=True), view_of(theirs, is_reference=False)
    view, other = (reference, candidate) if is_reference else (candidate, reference)
    return flat(paint_tokens(view, Plan(reading_of(ours, theirs), **plan), other.tokens))  # type: ignore[arg-type]


def test_the_first_differing_word_has_the_mark_and_keeps_its_space_before_it():
    assert painted([" a", " b", " c"], [" a", " x", " c"], is_reference=False) == [
        (" a", Look.SAME),
        (" ", Look.SAME),
        ("▶", Look.MARK),
        ("x", Look.DIFFERS),
        (" c", Look.SAME),
    ]


def test_neighbouring_differing_words_are_one_run():
    pieces = painted([" a", " b", " c"], [" a", " x", " y"], is_reference=False)
    assert pieces[-2:] == [("x", Look.DIFFERS), (" y", Look.DIFFERS)]


@pytest.mark.parametrize("is_reference", [True, False])
def test_both_sides_have_one_mark_each(is_reference: bool):
    words = [" alpha", " b", " charlie", " delta"], [" alpha", " x", " charlie", " y"]
    assert [look for _, look in painted(*words, is_reference=is_reference)].count(Look.MARK) == 1


def test_a_word_of_which_one_token_differs_is_painted_whole_and_the_token_stronger():
    ours, theirs = [" the", " daugh", "ters", ","], [" the", " daugh", "ter", ","]
    assert painted(ours, theirs, is_reference=True) == [
        (" the", Look.SAME),
        (" ", Look.SAME),
        ("daugh", Look.DIFFERS),
        ("▶", Look.MARK),
        ("ters", Look.EXACT),
        (",", Look.SAME),
    ]


def test_a_word_that_goes_on_on_the_other_side_only_is_painted_on_both():
    ours, theirs = [" king", " sat"], [" king", "dom", " sat"]
    assert painted(ours, theirs, is_reference=True) == [
        (" ", Look.SAME),
        ("king", Look.DIFFERS),
        ("▶", Look.MARK),
        (" sat", Look.SAME),
    ]
    assert painted(ours, theirs, is_reference=False)[1:4] == [
        ("king", Look.DIFFERS),
        ("▶", Look.MARK),
        ("dom", Look.EXACT),
    ]


def test_tokens_that_only_the_other_side_has_leave_a_caret():
    ours = [*WORDS[:4], " x", *WORDS[4:20], " deep", " in", *WORDS[20:30]]
    theirs = [*WORDS[:4], " y", *WORDS[4:30]]
    assert ("‸", Look.MARK) in painted(ours, theirs, is_reference=False)


@pytest.mark.parametrize(
    ("ours", "theirs", "shown"),
    [
        ([" a", "!"], [" a", "\n"], "⏎\n"),
        ([" a", "!"], [" a", "!", " "], "␣"),
        ([" a", " b"], [" a", "\tb"], "→   b"),
        ([" a", " b"], [" a", "\u00a0b"], "⍽b"),
        ([" a", " b"], [" a", "b"], "b"),
        ([" a", " b"], [" a", "  ", "b"], "␣␣"),
        ([" a", "❤"], [" a", "❤", "\ufe0f"], "·"),
    ],
)
def test_a_blank_that_differs_can_be_seen(ours: list[str], theirs: list[str], shown: str):
    differing = [text for text, look in painted(ours, theirs, is_reference=False) if look in (Look.DIFFERS, Look.EXACT)]
    assert shown in differing


def test_blanks_between_differing_words_stay_blanks():
    pieces = painted([" a", " b", " c"], [" a", " x", " y"], is_reference=False)
    assert not any(glyph in text for text, _ in pieces for glyph in "␣→⍽")


def test_texts_that_share_nothing_have_their_mark_and_no_paint():
    theirs = [*WORDS[:5], *(f" x{n}" for n in range(40))]
    assert {look for _, look in painted(WORDS, theirs, is_reference=False)} == {Look.SAME, Look.MARK}
    assert Look.DIFFERS in {look for _, look in painted(WORDS, theirs, is_reference=False, paints_all=True)}


def test_equal_stretches_are_folded_in_both_texts_at_the_same_words():
    theirs = [*WORDS[:45], " x", *WORDS[46:]]
    folds = folds_of(reading_of(WORDS, theirs), WORDS)
    ours = painted(WORDS, theirs, is_reference=True, folds=folds)
    assert ours[:8] == painted(WORDS, theirs, is_reference=False, folds=folds)[:8]
    assert ours[6:8] == [("\n··· 33 equal tokens ···\n", Look.FOLD), ("w39", Look.SAME)]


def test_a_stretch_with_the_cursor_in_it_is_not_folded():
    reading = reading_of(WORDS, [*WORDS[:45], " x", *WORDS[46:]])
    assert folds_of(reading, WORDS, cursor=20) == ()
    assert folds_of(reading, WORDS, cursor=45) == folds_of(reading, WORDS) != ()


def test_the_same_text_has_nothing_to_fold():
    assert folds_of(reading_of(WORDS, WORDS), WORDS) == ()


def test_the_end_is_a_sign_that_can_differ():
    view = view_of([" a", ""], is_reference=True, ended=True)
    assert [text for text, _ in flat(paint_tokens(view))] == [" a", " ∎"]


def test_only_the_end_of_a_long_prompt_is_shown():
    assert prompt_tail("short") == "short"
    assert prompt_tail("x" * 500) == "…" + "x" * 160


PIECES = st.lists(
    st.sampled_from([" a", "b", " c", "'s", " the", "\n", " ", "", "\u0301", "日"]), min_size=1, max_size=24
)


def apply_to(shown: list[Piece], painter: Painter, view: VariantView, plan: Plan, other: VariantView) -> list[Piece]:
    change = painter.paint(view, "prompt", plan, other.tokens)
    return [*shown[: change.kept], *change.pieces]


@given(PIECES, PIECES, st.integers(0, 23), st.booleans())
@settings(max_examples=60)
def test_painting_bit_by_bit_gives_what_painting_at_once_gives(
    ours: list[str], theirs: list[str], cursor: int, is_reference: bool
):
    """The text grows token by token, then the reading joins what it can, the cursor comes, the difference moves."""
    whole = reading_of(ours, theirs)
    reference, candidate = view_of(ours, is_reference=True), view_of([], is_reference=False)
    tokens = view_of(theirs, is_reference=False).tokens
    painter, shown = Painter(), []
    view, other = (reference, candidate) if is_reference else (candidate, reference)
    for count in range(1, len(tokens) + 1):
        candidate.tokens[:] = tokens[:count]
        spans = diff_tokens(reference.token_ids, candidate.token_ids)
        reading = Reading(spans, apart=spans[-1] if spans[-1].op is not DiffOp.EQUAL else None)
        shown = apply_to(shown, painter, view, Plan(reading), other)
    current: DiffSpan | None = whole.differences[-1] if whole.differences else None
    for plan in (Plan(whole), Plan(whole, cursor=cursor % len(view.tokens)), Plan(whole, current), Plan(whole)):
        shown = apply_to(shown, painter, view, plan, other)
        assert shown == apply_to([], Painter(), view, plan, other)
