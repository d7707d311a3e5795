"""The inspector's block of text at every size."""

from __future__ import annotations

from dataclasses import replace

import pytest
from microscope_samples import NOISE, STRANGE, strange_score, token

from quanttui.records import FlipKind, TokenScore
from quanttui.tui.widgets.inspector_text import InspectorView, bar, inspector_content, list_rows


def view(scored: TokenScore) -> InspectorView:
    return InspectorView(scored, 7, 120, NOISE.mean, "bf16", "nf4", " a king who had three", ", and the youngest")


def lines(scored: TokenScore, width: int = 100, height: int = 12) -> list[str]:
    return inspector_content(view(scored), width, height).plain.split("\n")


@pytest.mark.parametrize("width", [40, 76, 100, 160])
@pytest.mark.parametrize("text", STRANGE)
def test_no_token_breaks_the_block(width: int, text: str) -> None:
    for height in range(6, 15):
        shown = inspector_content(view(token(7, text, 0.2, FlipKind.REAL)), width, height).split("\n")
        assert len(shown) <= height
        assert all(line.cell_length <= width for line in shown)
        assert not any(control in line.plain for line in shown for control in "\t\x1b\u202e\u200d")


def test_six_lines_hold_the_top_three_and_twelve_the_top_eight() -> None:
    scored = token(7, " daughters", 0.2)
    assert [line.split()[0] for line in lines(scored, height=6)[3:]] == ["▸", "2", "3"]
    assert len(lines(scored, height=12)) == 4 + 8


def test_figures_stand_in_plain_words() -> None:
    shown = lines(token(7, " daughters", 0.62, FlipKind.REAL, 0.41, 0.18))
    assert "KL 0.62 nats = 238 × noise   p 41.0 % → 18.0 % (−23.0 points)   rank 1 → 2" in shown[1]


@pytest.mark.parametrize(
    ("flip", "words"),
    [
        (FlipKind.REAL, "▲ Real flip: bf16 would go on with ␣a, nf4 with ␣"),
        (FlipKind.TIE, "△ Tie flip: ␣a or ␣"),
        (FlipKind.NONE, "= No flip: both would go on with ␣a"),
    ],
)
def test_the_kind_of_flip_is_said_in_words(flip: FlipKind, words: str) -> None:
    assert lines(token(7, " a", 0.2, flip, 0.4, 0.2))[2].startswith(words)


def test_the_token_of_the_text_is_marked_in_both_lists() -> None:
    scored = token(7, " daughters", 0.62, FlipKind.REAL, 0.41, 0.18)
    assert [row.is_emitted for row in list_rows(scored, of_reference=True, limit=8)].index(True) == 0
    marked = next(row for row in list_rows(scored, of_reference=False, limit=8) if row.is_emitted)
    assert marked.order == 0


def test_a_token_far_down_the_list_is_shown_with_its_true_rank() -> None:
    scored = token(7, " daughters", 0.62)
    lost = replace(scored, candidate_rank=1234, candidate_probability=0.0001, candidate_top=scored.candidate_top[1:])
    rows = list_rows(lost, of_reference=False, limit=3)
    assert len(rows) == 3
    assert (rows[-1].rank, rows[-1].probability, rows[-1].is_emitted) == (1234, 0.0001, True)


def test_tokens_of_one_list_only_are_called_new() -> None:
    scored = token(7, " daughters", 0.2)
    new = [row.text for row in list_rows(scored, of_reference=False, limit=8) if row.order is None]
    assert new == [" dragon", " nothing"]
    assert sum(line.endswith(" new") for line in (text.rstrip() for text in lines(scored))) == 2


def test_a_byte_token_and_an_empty_one_have_a_name() -> None:
    tokens = strange_score().tokens
    assert "‹0xE2›" in lines(tokens[STRANGE.index("<0xE2>")])[0]
    assert "∅" in lines(tokens[STRANGE.index("")])[0]


@pytest.mark.parametrize(("share", "shown"), [(0, ""), (1e-9, "▏"), (0.5, "████"), (0.56, "████▌"), (2.0, "████████")])
def test_bars_are_drawn_in_eighths_and_never_vanish(share: float, shown: str) -> None:
    assert bar(share, 8) == shown


def test_what_the_candidate_wrote_by_itself_is_told_where_reading_shows_no_flip() -> None:
    scored = token(7, " you", 0.0, FlipKind.NONE)
    parted = replace(view(scored), wrote=" m")
    text = inspector_content(parted, 160, 12).plain
    assert "writing by itself nf4 chose ␣m" in text
    assert "writing by itself" not in inspector_content(view(scored), 160, 12).plain
