"""An output as pieces: what differs, where the mark stands, how the end shows."""

from __future__ import annotations

from quanttui.compare.diff import diff_tokens
from quanttui.records import FinishReason, Output, Precision, Token, Variant
from quanttui.tui.state.painting import Look, paint_output, prompt_tail
from quanttui.tui.state.variant_view import VariantView


def view_of(words: list[str], *, is_reference: bool, ended: bool = False) -> VariantView:
    tokens = [Token(i, abs(hash(word)) % 9999, word, 0.5, 0.1) for i, word in enumerate(words)]
    view = VariantView(Variant(Precision.NF4), is_reference, tokens=tokens)
    if ended:
        ids = tuple(token.token_id for token in tokens)
        view.output = Output("", ids, tuple(words), (), FinishReason.EOS, (), None, None)
    return view


def painted(ours: list[str], theirs: list[str], *, is_reference: bool) -> list[tuple[str, Look]]:
    reference, candidate = view_of(ours, is_reference=True), view_of(theirs, is_reference=False)
    spans = diff_tokens(reference.token_ids, candidate.token_ids)
    return [(piece.text, piece.look) for piece in paint_output(reference if is_reference else candidate, "", spans)]


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


def test_both_sides_have_one_mark_each():
    for is_reference in (True, False):
        pieces = painted([" a", " b", " c", " d"], [" a", " x", " c", " y"], is_reference=is_reference)
        assert [look for _, look in pieces].count(Look.MARK) == 1


def test_a_differing_newline_can_be_seen():
    assert ("⏎\n", Look.DIFFERS) in painted([" a", "!"], [" a", "\n"], is_reference=False)


def test_the_end_is_a_sign_that_can_differ():
    view = view_of([" a", ""], is_reference=True, ended=True)
    assert [piece.text for piece in paint_output(view, "")] == [" a", " ∎"]


def test_only_the_end_of_a_long_prompt_is_shown():
    assert prompt_tail("short") == "short"
    assert prompt_tail("x" * 500) == "…" + "x" * 160
