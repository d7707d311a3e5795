"""Which variants "all that fit" are."""

from __future__ import annotations

import pytest

from quanttui.engine.scripted import ScriptedEngine, default_script
from quanttui.errors import UsageError
from quanttui.pipeline.sweep.grid import all_that_fit, standard_grid
from quanttui.records import (
    EvaluationText,
    HostReading,
    MemoryReading,
    ModelEntry,
    ModelSource,
    Precision,
    SweepRequest,
)
from quanttui.variants import parse_variant

MODEL = ModelEntry("demo", "/models/demo", ModelSource.DEMO, dtype=Precision.BF16)
REQUEST = SweepRequest("run-1", MODEL, None, (), texts=(EvaluationText("text", "…"),))
BF16 = parse_variant("bf16")


def found(megabytes, **script):
    reading = MemoryReading(0.0, (), HostReading(10**10, 10**9, megabytes * 10**6, None))
    engine = ScriptedEngine(default_script(**script))
    return [str(variant) for variant in all_that_fit(engine, REQUEST, BF16, lambda: reading)]


def test_the_grid_is_what_is_smaller_than_the_reference():
    assert [str(one) for one in standard_grid(BF16)] == ["int8", "nf4", "nf4+dq", "fp4", "fp4+dq"]
    assert [str(one) for one in standard_grid(parse_variant("fp32"))][:3] == ["bf16", "fp16", "int8"]
    assert "int8" not in [str(one) for one in standard_grid(parse_variant("int8"))]


def test_a_model_that_was_saved_quantized_has_that_variant_alone():
    assert [str(one) for one in standard_grid(BF16, "nf4+dq")] == ["nf4+dq"]


def test_where_there_is_room_all_of_the_grid_is_swept():
    assert found(10_000) == ["int8", "nf4", "nf4+dq", "fp4", "fp4+dq"]


def test_what_does_not_fit_is_left_out():
    assert found(17) == ["nf4", "nf4+dq", "fp4", "fp4+dq"]  # int8 peaks at 19.2 MB


def test_what_the_hardware_cannot_do_is_left_out():
    assert found(10_000, unsupported={"int8": "no int8 arithmetic"}) == ["nf4", "nf4+dq", "fp4", "fp4+dq"]


def test_where_nothing_fits_each_reason_is_told():
    with pytest.raises(UsageError, match=r"no variant of demo fits here: int8 needs .* short"):
        found(1)
