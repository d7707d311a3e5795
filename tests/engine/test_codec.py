"""What crosses the pipe comes out as it went in."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanttui import errors
from quanttui.engine.codec import (
    CodecError,
    Message,
    WireError,
    as_exception,
    decode_message,
    encode_message,
    record_types,
    wire_error,
)
from quanttui.errors import QuantTuiError
from quanttui.records import LoadReport, ModelIdentity, Precision, Token, Variant

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=12)
ERROR_TYPES = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, QuantTuiError)]
st.register_type_strategy(str, ANY_TEXT)


@st.composite
def any_record(draw):
    record_type = draw(
        st.sampled_from(sorted(set(record_types().values()) - {WireError}, key=lambda kind: kind.__name__))
    )
    return draw(st.from_type(record_type))


def round_trip(body):
    return decode_message(encode_message(Message(7, "event", body))).body


def same(left, right):
    """Equality that takes NaN for equal to NaN, and is strict about types."""
    if dataclasses.is_dataclass(left):
        fields = dataclasses.fields(left)
        return type(left) is type(right) and all(same(getattr(left, f.name), getattr(right, f.name)) for f in fields)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, float) and math.isnan(left):
        return math.isnan(right)
    return left == right and type(left) is type(right)


@settings(max_examples=100, deadline=None)
@given(any_record())
def test_every_record_survives(record):
    assert same(record, round_trip(record))


@given(ANY_TEXT, st.floats())
def test_any_text_and_any_float_survive(text, number):
    token = Token(0, 1, text, number, number)
    assert same(token, round_trip(token))


@pytest.mark.parametrize("text", ["\ud83d", "\ude00\ud83d", "\\ud83d", "\\nan", "\\\ud83d\\", "\x00\x1b\x9b\u2028"])
@pytest.mark.parametrize("number", [0.5, math.nan, -math.inf])
def test_what_json_lacks_is_not_mistaken_for_its_spelling(text, number):
    token = Token(0, 1, text, number, math.inf)
    assert same(token, round_trip(token))


def test_a_message_is_one_line():
    line = encode_message(Message(1, "event", Token(0, 1, "\n\r\u2028\ud800", 0.5, 0.1)))
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1


def test_options_keep_their_types():
    options = {"a": 6.0, "b": 6, "c": True, "d": None, "e": ["x", "\udc80"], "f": "6", "g": math.inf}
    identity = ModelIdentity("m", "A", 1, 2, None, Precision.BF16, False, True)
    report = LoadReport(Variant(Precision.INT8), identity, "cpu", options, 0.1, 3)
    assert same(report, round_trip(report))


@pytest.mark.parametrize("error_type", ERROR_TYPES)
def test_errors_keep_their_class_message_and_hint(error_type):
    error = error_type("what\x1b and \ud800 why", "hint")
    crossed = as_exception(round_trip(wire_error(error)))
    assert type(crossed) is error_type
    assert (crossed.message, crossed.hint, crossed.exit_code) == (error.message, error.hint, error.exit_code)


def test_an_error_of_an_unknown_class_is_named():
    crossed = as_exception(WireError("FutureError", "what", ""))
    assert type(crossed) is QuantTuiError
    assert "FutureError: what" in crossed.message
    assert crossed.hint


@pytest.mark.parametrize(
    "line",
    [
        b"garbage\n",
        b"\n",
        b"{}\n",
        b'{"id":1,"kind":"event","type":"Token","body":{}}\n',
        b'{"id":1,"kind":"event","type":"os.system","body":{}}\n',
        b'{"id":1,"kind":"event","type":"Token","body":{"index":"0"}}\n',
        b"\xff\xfe\n",
        b'{"id":1,"kind":"event","type":"Token","body":',
    ],
)
def test_what_is_no_message_is_refused(line):
    with pytest.raises(CodecError):
        decode_message(line)
