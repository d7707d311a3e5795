"""A terminal shows the same whether it is sent everything or only what changed."""

from __future__ import annotations

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st

from quanttui.tui.thrift import FORGET, Thrift

COLUMNS, LINES = 40, 4
STYLES = ["", "1", "38;2;9;8;7", "48;2;1;2;3", "1;38;2;9;8;7;48;2;1;2;3", "7;31", "4;38;5;12;48;2;1;2;3", "3;2;90;107"]


def styled(text: str, style: str) -> str:
    """A piece as Textual writes it."""
    return f"\x1b[{style}m{text}\x1b[0m" if style else text


pieces = st.lists(
    st.builds(styled, st.text("ab ─é", min_size=1, max_size=8), st.sampled_from(STYLES)), min_size=1, max_size=3
)
rows = st.builds(
    lambda row, column, parts: f"\x1b[{row};{column}H" + "".join(parts),
    st.integers(1, LINES - 1),
    st.integers(1, 16),
    pieces,
)
frames = st.lists(rows, min_size=1, max_size=5).map("\r\n".join)
controls = st.sampled_from(
    ["\x1b[?2026h", "\x1b[?1049h\x1b[2J", "\x1b[?25l", "\x1b]0;title\x07", "\x1b[2K", "\x1b[>25u"]
)


def shown(writes: list[str]) -> list[object]:
    """Every cell of a terminal with autowrap off, as quanttui has it, after ``writes``."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.Stream(screen)
    stream.feed("\x1b[?7l")
    for written in writes:
        stream.feed(written)
    return [screen.buffer[y][x] for y in range(LINES) for x in range(COLUMNS)]


@settings(max_examples=60, deadline=None)
@given(st.lists(frames | controls, max_size=8))
def test_what_is_left_out_was_there_already(writes: list[str]):
    thrift = Thrift()
    assert shown([thrift.squeeze(written) for written in writes]) == shown(writes)


def test_a_region_painted_again_costs_next_to_nothing():
    thrift = Thrift()
    frame = "\x1b[1;1H" + styled("hello there", "38;2;9;8;7") + "\r\n\x1b[2;1H" + styled("world", "1")
    assert thrift.squeeze(frame)
    assert thrift.squeeze(frame) == ""


def test_only_the_letters_that_changed_are_sent():
    thrift = Thrift()
    thrift.squeeze("\x1b[3;1Hcount 41 of 100 tokens")
    assert thrift.squeeze("\x1b[3;1Hcount 42 of 100 tokens") == "\x1b[3;8H2"


def test_wide_characters_are_always_sent_with_what_follows_placed_anew():
    thrift = Thrift()
    frame = "\x1b[1;1Ha 漢字 b"
    assert "漢字" in thrift.squeeze(frame)
    assert "漢字" in thrift.squeeze(frame)
    after = thrift.squeeze("\x1b[1;1Hx漢" + "y")
    assert after.endswith("x漢y")


def test_after_a_resize_everything_is_sent_again():
    thrift = Thrift()
    thrift.squeeze("\x1b[1;1Hhello")
    assert thrift.squeeze(FORGET) == ""
    assert thrift.squeeze("\x1b[1;1Hhello") == "\x1b[1;1Hhello"


def test_a_style_is_never_left_on_for_what_passes_through():
    thrift = Thrift()
    thrift.squeeze("\x1b[1;1H" + styled("red", "31"))
    assert thrift.squeeze("\x1b[?1049l") == "\x1b[0m\x1b[?1049l"
