"""Wrapping that only appends: the same lines as at once, no line too wide, no letter lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from quanttui.tui.state.wrapping import Place, Wrapper

TEXTS = st.lists(st.text(alphabet="ab 从前é\n", max_size=12), max_size=30)


def lines_of(pieces: list[str], width: int) -> list[str]:
    wrapper = Wrapper(width)
    for index, piece in enumerate(pieces):
        wrapper.append(piece, index)
    return ["".join(part.text for part in line) for line in wrapper.lines]


@given(TEXTS, st.integers(2, 30))
def test_no_line_is_wider_than_the_pane(pieces: list[str], width: int):
    assert all(cell_len(line) <= width for line in lines_of(pieces, width))


@given(TEXTS, st.integers(2, 30))
def test_every_letter_is_there_in_order(pieces: list[str], width: int):
    shown = "".join(lines_of(pieces, width)).replace(" ", "")
    assert shown == "".join(pieces).replace(" ", "").replace("\n", "")


@given(TEXTS, st.integers(2, 30))
def test_appending_changes_the_last_line_at_most(pieces: list[str], width: int):
    for count in range(len(pieces)):
        before, after = lines_of(pieces[:count], width), lines_of(pieces[: count + 1], width)
        assert after[: len(before) - 1] == before[:-1]


def test_words_move_to_the_next_line_whole_even_when_they_come_in_pieces():
    assert lines_of(["the king", "dom", " fell"], 9) == ["the ", "kingdom ", "fell"]


def test_a_word_wider_than_the_pane_is_cut():
    assert lines_of(["x" * 25], 10) == ["x" * 10, "x" * 10, "x" * 5]


def test_a_piece_knows_its_line():
    wrapper = Wrapper(5)
    for index, piece in enumerate(["one ", "two ", "three"]):
        wrapper.append(piece, index)
    assert [wrapper.line_at(Place(index, 0)) for index in (0, 1, 2)] == [0, 1, 2]
