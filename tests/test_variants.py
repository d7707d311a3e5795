"""Variants as text: what is read, what is refused, and that the shortest spelling reads back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanttui.errors import UsageError
from quanttui.records import Precision, Variant
from quanttui.variants import default_candidates, default_reference, parse_variant

FLOATS = (Precision.FP32, Precision.BF16, Precision.FP16)
module_names = st.from_regex(r"model\.layers\.[0-9]{1,2}(\.[A-Za-z_]{1,8}){0,2}", fullmatch=True)
plain = st.sampled_from(FLOATS).map(Variant)
int8 = st.builds(
    Variant,
    st.just(Precision.INT8),
    threshold=st.none() | st.sampled_from([0.0, 3.5, 12.0]),
    skip=st.lists(module_names, max_size=2).map(tuple),
    head=st.booleans(),
)
four_bit = st.builds(
    Variant,
    st.sampled_from([Precision.NF4, Precision.FP4]),
    double_quant=st.booleans(),
    compute_dtype=st.none() | st.sampled_from(FLOATS),
    skip=st.lists(module_names, max_size=2).map(tuple),
    head=st.booleans(),
)


@given(plain | int8 | four_bit)
def test_every_spelling_reads_back_as_the_same_variant(variant: Variant) -> None:
    assert parse_variant(variant.spelling) == variant


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("nf4", Variant(Precision.NF4)),
        (" NF4+DQ ", Variant(Precision.NF4, double_quant=True)),
        ("nf4+compute=fp16", Variant(Precision.NF4, compute_dtype=Precision.FP16)),
        ("int8+threshold=0", Variant(Precision.INT8, threshold=0.0)),
        ("int8+threshold=6", Variant(Precision.INT8)),
        ("nf4+skip=model.layers.0:model.layers.1", Variant(Precision.NF4, skip=("model.layers.0", "model.layers.1"))),
        ("fp4+skip=transformer.H.0+dq", Variant(Precision.FP4, double_quant=True, skip=("transformer.H.0",))),
        ("fp4+head", Variant(Precision.FP4, head=True)),
    ],
)
def test_reads_what_people_write(text: str, variant: Variant) -> None:
    assert parse_variant(text) == variant


def test_the_default_threshold_is_not_spelled_out() -> None:
    assert parse_variant("int8+threshold=6.0").spelling == "int8"


@pytest.mark.parametrize(
    ("text", "in_message", "in_hint"),
    [
        ("nf5", "nf5", "Did you mean nf4?"),
        ("int4", "int4", "Did you mean int8?"),
        ("", "no variant", "Variants:"),
        ("nf4+", "no option", "nf4+dq"),
        ("nf4+dk", "no option", "Did you mean dq?"),
        ("nf4+treshold=1", "no option", "Did you mean threshold?"),
        ("nf4+threshold=1", "threshold= is for int8", "int8+threshold=0"),
        ("int8+dq", "dq", "nf4+dq"),
        ("int8+compute=bf16", "compute=", "nf4+compute=fp16"),
        ("nf4+compute=bf61", "no dtype", "Did you mean bf16?"),
        ("nf4+dq+dq", "twice", "nf4+dq"),
        ("nf4+dq=1", "takes no value", "dq alone"),
        ("int8+threshold=nan", "no number", "threshold=6"),
        ("int8+threshold=-1", "no number", "threshold=6"),
        ("nf4+skip=", "names no module", "skip=model.layers.0"),
        ("bf16+head", "head", "Variants:"),
    ],
)
def test_refuses_what_does_not_exist_and_names_the_nearest(text: str, in_message: str, in_hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_variant(text)
    assert in_message in caught.value.message
    assert in_hint in caught.value.hint


@given(st.text(max_size=40))
def test_any_text_is_a_variant_or_a_usage_error(text: str) -> None:
    try:
        variant = parse_variant(text)
    except UsageError:
        return
    assert parse_variant(variant.spelling) == variant


@pytest.mark.parametrize(
    ("dtype", "device", "expected"),
    [
        (Precision.BF16, "cuda:0", Precision.BF16),
        (Precision.FP16, "cpu", Precision.FP16),
        (Precision.FP32, "cpu", Precision.BF16),
        (Precision.FP32, "cuda:0", Precision.FP16),
        (None, "cpu", Precision.BF16),
    ],
)
def test_the_reference_is_the_checkpoints_own_half_precision(
    dtype: Precision | None, device: str, expected: Precision
) -> None:
    assert default_reference(dtype, device) == Variant(expected)


def test_a_model_saved_quantized_has_itself_as_the_one_candidate() -> None:
    assert [str(variant) for variant in default_candidates(None)] == ["int8", "nf4"]
    assert [str(variant) for variant in default_candidates("nf4+dq+compute=fp32")] == ["nf4+dq+compute=fp32"]
    assert default_candidates("gptq") == ()
