"""Wrapping that only appends: the same lines as at once, no line too wide, no letter lost, whatever the text is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from quanttui.tui.state.wrapping import Place, Wrapper
from quanttui.tui.visible import visible_text

STRANGE = (
    "a",
    "word",
    " ",
    "  ",
    "\t",
    "\r",
    "\n",
    "\x1b[2J",
    "日本語",
    "한국",
    "שלום",
    "مرحبا",
    "\u202e",
    "👨\u200d👩\u200d👧",
    "🇩🇪",
    "👍🏽",
    "❤\ufe0f",
    "1\ufe0f\u20e3",
    "e\u0301",
    "\u0301",
    "हिन्दी",
    "ไทย",
    "\u3000",
    "\u00a0",
    "\u3164",
    "☰",
    "x" * 70,
)
HOSTILE = st.lists(st.one_of(st.sampled_from(STRANGE), st.text(max_size=4)), max_size=20)
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


def test_a_wide_blank_that_does_not_fit_is_cut_by_its_cells():
    assert lines_of(["a\u3000b"], 2) == ["a ", "b"]
    assert lines_of(["a\u3000\u3000\u3000b"], 4) == ["a\u3000 ", "b"]


def test_a_piece_knows_its_line():
    wrapper = Wrapper(5)
    for index, piece in enumerate(["one ", "two ", "three"]):
        wrapper.append(piece, index)
    assert [wrapper.line_at(Place(index, 0)) for index in (0, 1, 2)] == [0, 1, 2]


def test_a_finished_word_stays_where_it_is_while_the_next_ones_come():
    pieces = ["One", " day", ",", " the", " prin", "cess", "es", " sat", " down", "日本", "語", " on", " it", "."] * 3
    for count in range(1, len(pieces)):
        before, after = lines_of(pieces[:count], 14), lines_of(pieces[: count + 1], 14)
        written = before[-1].rpartition(" ")[0]
        assert after[len(before) - 1].startswith(written)


@given(HOSTILE, st.integers(2, 40))
@settings(max_examples=80)
def test_hostile_text_is_no_wider_than_the_pane_and_all_there(texts: list[str], width: int):
    pieces = [visible_text(text) for text in texts]
    lines = lines_of(pieces, width)
    assert all(cell_len(line) <= width for line in lines)
    shown, wanted = ("".join(text).replace("◌", "") for text in (lines, pieces))
    assert "".join(shown.split()) == "".join(wanted.split())


@given(HOSTILE)
@settings(max_examples=80)
def test_what_is_shown_is_as_wide_as_its_characters_are(texts: list[str]):
    shown = visible_text("".join(texts))
    assert cell_len(shown) == sum(map(cell_len, shown))
    assert shown == "".join(visible_text(text) for text in texts)


@given(HOSTILE, HOSTILE, st.integers(0, 19), st.integers(2, 40))
@settings(max_examples=80)
def test_another_end_gives_the_lines_that_wrapping_anew_gives(
    texts: list[str], others: list[str], kept: int, width: int
):
    old, new = [visible_text(text) for text in texts], [visible_text(text) for text in others]
    kept = min(kept, len(old))
    wrapper = Wrapper(width)
    for index, piece in enumerate(old):
        wrapper.append(piece, index)
    pieces = [*old[:kept], *new]
    place = wrapper.rewind(kept)
    for index in range(place.piece, len(pieces)):
        wrapper.append(pieces[index], index, place.offset if index == place.piece else 0)
    fresh = Wrapper(width)
    for index, piece in enumerate(pieces):
        fresh.append(piece, index)
    assert (wrapper.lines, wrapper.starts) == (fresh.lines, fresh.starts)


def test_a_line_of_100_kilobytes_is_wrapped_without_looking_at_it_again_and_again():
    lines = lines_of(["long" * 25_000], 45)
    assert len(lines) == -(-100_000 // 45)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("🇩🇪", "ⒹⒺ"),
        ("👍🏽", "👍◑"),
        ("👨\u200d👩", "👨·👩"),
        ("❤\ufe0f", "❤"),
        ("की", "क◌"),
        ("\r", "␍"),
        ("שלום", "שלום"),
    ],
)
def test_what_terminals_measure_differently_has_a_stand_in(text: str, shown: str):
    assert visible_text(text) == shown


def test_a_mark_without_a_letter_gets_one_to_stand_on():
    assert lines_of(["a ", "\u0301b"], 9) == ["a ◌\u0301b"]
