"""Pieces made visible, and cut to cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from quanttui.tui.visible import fit, visible_piece, visible_run


@pytest.mark.parametrize(
    ("piece", "shown"),
    [
        (" daughters", "␣daughters"),
        ("  ", "␣␣"),
        ("\n", "⏎"),
        ("\t", "→"),
        ("", "∅"),
        ("<0xe2>", "‹0xE2›"),
        ("�", "‹�›"),
        ("\x1b", "␛"),
        ("\u200d", "·"),
        ("\u202e", "⇄"),
        ("\u0301", "◌\u0301"),
        ("❤\ufe0f", "❤"),
        ("日本", "日本"),
    ],
)
def test_every_character_of_a_piece_can_be_seen(piece: str, shown: str) -> None:
    assert visible_piece(piece) == shown


def test_running_text_keeps_its_spaces() -> None:
    assert visible_run("had three\ndaughters") == "had three⏎daughters"


@given(st.text(), st.integers(0, 40), st.booleans())
def test_a_fitted_text_takes_exactly_its_cells(text: str, width: int, from_end: bool) -> None:
    assert cell_len(fit(visible_run(text), width, from_end=from_end)) == width


def test_a_cut_shows_at_the_side_where_it_was_made() -> None:
    assert fit("daughters", 5) == "daug…"
    assert fit("daughters", 5, from_end=True) == "…ters"
    assert fit("日本語", 4) == "日… "
