"""The memory pane's history: what is plotted where, gaps, and marks that travel with the plot."""

from __future__ import annotations

from quanttui.tui.state.memory_history import FREED, LOADED, MemoryHistory


def history(*values: int | None) -> MemoryHistory:
    made = MemoryHistory()
    for value in values:
        made.add({"gpu": value})
    return made


def test_the_newest_reading_stands_at_the_right_and_the_top_fills_all_rows() -> None:
    assert history(0, 50, 100).plot("gpu", 5, 1, 100) == ["  ▁▄█"]
    assert history(0, 50, 100).plot("gpu", 5, 2, 100) == ["    █", "  ▁██"]


def test_a_reading_without_a_figure_is_a_gap() -> None:
    assert history(100, None, 100).plot("gpu", 3, 1, 100) == ["█ █"]


def test_without_a_top_there_is_some_air_above_the_highest() -> None:
    assert history(100).plot("gpu", 1, 1, None) == ["▇"]
    assert history(0).plot("gpu", 1, 1, None) == ["▁"]
    assert MemoryHistory().plot("gpu", 2, 1, None) == ["  "]


def test_marks_stand_under_the_reading_that_came_next_and_move_with_it() -> None:
    made = history(1, 1)
    made.mark("bf16", is_load=True)
    made.add({"gpu": 9})
    assert made.marks("gpu", 4) == f"   {LOADED}"
    made.mark("bf16", is_load=False)
    made.add({"gpu": 1})
    assert made.marks("gpu", 4) == f"  {LOADED}{FREED}"
    for _ in range(4):
        made.add({"gpu": 1})
    assert made.marks("gpu", 4) == "    "
    assert made.latest_mark().name == "bf16"


def test_a_device_that_appears_later_keeps_its_place_in_time() -> None:
    made = history(8, 8)
    made.add({"gpu": 8, "other": 8})
    assert made.plot("other", 3, 1, 8) == ["  █"]
    made.add({"gpu": 8})
    assert made.plot("other", 3, 1, 8) == [" █ "]
