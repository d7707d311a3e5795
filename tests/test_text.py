"""Untrusted text: nothing that acts on a terminal gets through, and offsets stay where they were."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanttui.text import safe_line, safe_text

ALL_TEXT = st.text(st.characters(codec=None))
HIDDEN = {chr(code) for code in [0xAD, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x206A), 0xFEFF]}
BIDIRECTIONAL = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(ALL_TEXT)
def test_one_character_for_one_character(text: str) -> None:
    assert len(safe_text(text)) == len(text)


@given(ALL_TEXT, ALL_TEXT)
def test_safe_across_splits(left: str, right: str) -> None:
    assert safe_text(left) + safe_text(right) == safe_text(left + right)


@pytest.mark.parametrize("plane", range(0, 0x110000, 0x10000))
def test_no_character_that_acts_or_hides_gets_through(plane: int) -> None:
    text = safe_text("".join(chr(code) for code in range(plane, plane + 0x10000)))
    assert {c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n"} == set()
    assert {c for c in text if unicodedata.bidirectional(c) in BIDIRECTIONAL} == set()
    assert not HIDDEN & set(text)


def test_escape_sequences_become_visible() -> None:
    assert safe_text("\x1b]52;c;aGk=\x07\x9b31m") == "␛]52;c;aGk=␇�31m"


def test_ordinary_text_of_any_script_is_left_alone() -> None:
    text = "naïve 東京 שלום 👍🏽 e\u0301\n\ttab"
    assert safe_text(text) == text


def test_a_line_stays_a_line() -> None:
    assert safe_line("a\nb\tc\r") == "a⏎b→c␍"
