"""Which candidates stand side by side in the room there is, without a screen."""

from __future__ import annotations

from quanttui.records import Precision, Variant
from quanttui.tui.key_table import DEFAULT_KEYS
from quanttui.tui.state.side_by_side import Marks, lay_columns, marks_words, next_shown
from quanttui.tui.state.variant_view import VariantView

INT8, NF4, FP4, FP16 = (Variant(Precision(name)) for name in ("int8", "nf4", "fp4", "fp16"))
VIEWS = [VariantView(variant, is_reference=False) for variant in (INT8, NF4, FP4, FP16)]


def names(shown: int, marks: Marks, room: int) -> list[str]:
    columns = lay_columns(VIEWS, shown, marks, room)
    return [*(["reference"] if columns.has_reference else []), *(view.variant.spelling for view in columns.candidates)]


def test_two_outputs_are_the_reference_and_the_shown_candidate():
    assert names(2, Marks(), room=2) == ["reference", "fp4"]


def test_three_outputs_keep_their_places_while_one_goes_through_them():
    assert [names(shown, Marks(), room=3)[1:] for shown in range(4)] == [
        ["int8", "nf4"],
        ["int8", "nf4"],
        ["fp4", "fp16"],
        ["fp4", "fp16"],
    ]


def test_in_room_for_two_the_marked_take_the_references_place_when_they_are_compared():
    marks = Marks(frozenset({INT8, FP4}))
    assert names(0, marks, room=2) == ["reference", "int8"]
    assert names(0, marks.switched(True), room=2) == ["int8", "fp4"]
    assert names(0, Marks(frozenset({INT8}), is_on=True), room=2) == ["reference", "int8"]


def test_in_room_for_three_the_marked_stand_beside_the_reference_unless_another_one_is_wanted():
    marks = Marks(frozenset({INT8, FP4}))
    assert names(0, marks, room=3) == ["reference", "int8", "fp4"]
    assert names(1, marks, room=3) == ["reference", "int8", "nf4"]


def test_more_marks_than_fit_are_said_and_gone_through():
    marks = Marks(frozenset({INT8, NF4, FP4}), is_on=True)
    columns = lay_columns(VIEWS, 0, marks, room=2)
    assert marks_words(marks, columns, VIEWS, DEFAULT_KEYS).startswith("3 are marked, 2 fit")
    assert [next_shown(VIEWS, shown, marks, 1) for shown in (0, 1, 2)] == [1, 2, 0]
    assert names(2, marks, room=2) == ["nf4", "fp4"]


def test_a_second_mark_takes_the_first_away_and_the_last_ends_the_comparison():
    marks = Marks().turned(INT8).switched(True)
    assert marks.is_on
    assert marks.turned(INT8) == Marks()


def test_another_run_keeps_the_marks_of_those_that_take_part():
    assert Marks(frozenset({INT8, NF4}), is_on=True).kept_for([NF4, FP4]) == Marks(frozenset({NF4}))
