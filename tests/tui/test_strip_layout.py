"""Where a strip's cells stand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quanttui.tui.widgets.strip_layout import StripLayout


def test_what_fits_in_one_row_needs_no_gutter() -> None:
    assert StripLayout(tokens=80, width=80).gutter == 0
    assert StripLayout(tokens=80, width=80).lines == 2


def test_wrapped_rows_hold_a_round_number_of_tokens() -> None:
    layout = StripLayout(tokens=120, width=76)
    assert (layout.columns, layout.rows) == (70, 2)
    assert layout.gutter_text(1) == " 71 "


@given(st.integers(1, 300), st.integers(1, 200))
def test_every_token_is_found_where_it_is_drawn(tokens: int, width: int) -> None:
    layout = StripLayout(tokens, width)
    for index in range(tokens):
        x, line = layout.cell(index)
        assert x < max(width, 1)
        assert layout.index_at(x, line) == layout.index_at(x, line + 1) == index
    assert layout.index_at(layout.gutter - 1, 0) is None
    assert layout.index_at(0, layout.lines) is None


def test_down_from_above_a_short_last_row_goes_to_the_last_token() -> None:
    layout = StripLayout(tokens=75, width=76)
    assert StripLayout(tokens=95, width=76).below(65, 1) == 94
    assert layout.below(3, -1) == 3
