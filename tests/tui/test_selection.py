"""What is chosen for the next run, where the model says what it can be."""

from __future__ import annotations

from quanttui.records import ModelEntry, ModelSource, Precision, Variant
from quanttui.tui.state.selection import Selection

BF16, INT8, NF4 = (Variant(precision) for precision in (Precision.BF16, Precision.INT8, Precision.NF4))
DOUBLE = Variant(Precision.NF4, double_quant=True)
PLAIN = ModelEntry("demo", "/demo", ModelSource.DEMO, dtype=Precision.BF16)
STORED = ModelEntry("small", "/small", ModelSource.FOLDER, dtype=Precision.BF16, prequantized="nf4+dq")
CHOSEN = Selection(ticked=frozenset({INT8, NF4})).with_model(PLAIN)


def test_a_model_saved_quantized_is_offered_as_itself_and_as_nothing_else() -> None:
    selection = CHOSEN.with_model(STORED)
    assert (selection.reference, selection.candidates) == (BF16, (DOUBLE,))
    assert selection.why_not(NF4) == selection.why_not(INT8) == "the model was saved as nf4+dq"
    assert selection.why_not(DOUBLE) is selection.why_not(BF16) is None


def test_the_ticks_from_before_are_there_again_with_the_next_model() -> None:
    assert CHOSEN.with_model(STORED).with_model(PLAIN).candidates == (INT8, NF4, DOUBLE)


def test_what_another_library_saved_offers_nothing() -> None:
    other = ModelEntry("other", "/other", ModelSource.FOLDER, prequantized="gptq", problem="saved by gptq")
    assert CHOSEN.with_model(other).candidates == ()
