"""Engines by name."""

from __future__ import annotations

import pytest

from quanttui.engine.process import EngineProcess
from quanttui.engine.registry import open_engine
from quanttui.engine.scripted import ScriptedEngine
from quanttui.errors import UsageError


def test_an_engine_opens_in_a_process_of_its_own_without_starting_it():
    engine = open_engine("torch")
    assert isinstance(engine, EngineProcess)
    assert engine.process_id is None


@pytest.mark.parametrize("name", ["scripted", "quanttui.engine.scripted:ScriptedEngine"])
def test_an_engine_opens_in_this_process_by_name_or_by_class(name):
    assert isinstance(open_engine(name, in_process=True), ScriptedEngine)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(UsageError) as caught:
        open_engine("onnx")
    assert "torch" in caught.value.hint
