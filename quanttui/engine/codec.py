"""Messages between an engine process and its client, as lines of typed JSON. Knows records, no pipe and no process.

JSON has no NaN, no infinity and, in UTF-8, no lone surrogate, all of which occur in what models say. A message that
holds any of them is written escaped as a whole: in its strings a backslash is doubled and a surrogate becomes
``\\uXXXX``; a float that is not finite becomes the string ``\\nan``, ``\\inf`` or ``\\-inf``.
"""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import msgspec

from quanttui import errors, records
from quanttui.errors import QuantTuiError

_MORE_TO_ESCAPE = re.compile(r"[\\\ud800-\udfff]")
_ESCAPED = re.compile(r"\\(\\|u[0-9a-f]{4})")
_NOT_FINITE = {"\\nan": math.nan, "\\inf": math.inf, "\\-inf": -math.inf}
_DEFECT_HINT = "This is a defect of quanttui; please report it."


class CodecError(ValueError):
    """A line that is no message."""


@dataclasses.dataclass(frozen=True, slots=True)
class WireError:
    """A ``QuantTuiError`` on its way through a pipe."""

    class_name: str
    message: str
    hint: str


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """``operation`` numbers the call that this belongs to; ``body`` is a record, a ``WireError`` or None."""

    operation: int
    kind: str
    body: Any = None


class _Envelope(msgspec.Struct):
    id: int
    kind: str
    type: str
    body: msgspec.Raw
    escaped: bool = False


RECORD_TYPES: dict[str, type] = {
    name: getattr(records, name) for name in records.__all__ if dataclasses.is_dataclass(getattr(records, name))
}
_TYPES = {**RECORD_TYPES, "WireError": WireError}
_ERROR_TYPES: dict[str, type[QuantTuiError]] = {
    name: value for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, QuantTuiError)
}


def encode_message(message: Message) -> bytes:
    """``message`` as one line, newline included."""
    body, escaped = _encode_body(message.body)
    name = "" if message.body is None else type(message.body).__name__
    return msgspec.json.encode(_Envelope(message.operation, message.kind, name, msgspec.Raw(body), escaped)) + b"\n"


def decode_message(line: bytes) -> Message:
    """The message that ``line`` holds. Raises CodecError where it holds none."""
    try:
        envelope = msgspec.json.decode(line, type=_Envelope)
        return Message(envelope.id, envelope.kind, _decode_body(envelope))
    except (msgspec.MsgspecError, KeyError, UnicodeError) as error:
        raise CodecError(f"{type(error).__name__}: {error}") from error


def wire_error(error: QuantTuiError) -> WireError:
    return WireError(type(error).__name__, error.message, error.hint)


def as_exception(error: WireError) -> QuantTuiError:
    """The exception that crossed; one of a class unknown here becomes a plain ``QuantTuiError`` that names it."""
    kind = _ERROR_TYPES.get(error.class_name)
    if kind is None:
        return QuantTuiError(f"{error.class_name}: {error.message}", error.hint or _DEFECT_HINT)
    return kind(error.message, error.hint)


def _encode_body(body: Any) -> tuple[bytes, bool]:
    """The JSON of ``body``, and whether it had to be escaped: msgspec refuses surrogates, and writes NaN as null."""
    try:
        plain = msgspec.json.encode(body)
    except UnicodeEncodeError:
        return msgspec.json.encode(_escape(msgspec.to_builtins(body))), True
    if b"null" in plain and _has_not_finite(builtins := msgspec.to_builtins(body)):
        return msgspec.json.encode(_escape(builtins)), True
    return plain, False


def _decode_body(envelope: _Envelope) -> Any:
    if not envelope.type:
        return None
    if not envelope.escaped:
        return msgspec.json.decode(envelope.body, type=_TYPES[envelope.type])
    return msgspec.convert(_unescape(msgspec.json.decode(envelope.body)), type=_TYPES[envelope.type])


def _has_not_finite(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_not_finite(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(_has_not_finite(item) for item in value)
    return isinstance(value, float) and not math.isfinite(value)


def _escape(value: Any) -> Any:
    if isinstance(value, dict):
        return {_escape(key): _escape(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_escape(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return f"\\{value}"
    return _MORE_TO_ESCAPE.sub(_escape_one, value) if isinstance(value, str) else value


def _escape_one(match: re.Match[str]) -> str:
    return "\\\\" if match[0] == "\\" else f"\\u{ord(match[0]):04x}"


def _unescape(value: Any) -> Any:
    if isinstance(value, dict):
        return {_unescape(key): _unescape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unescape(item) for item in value]
    if not isinstance(value, str):
        return value
    if value in _NOT_FINITE:
        return _NOT_FINITE[value]
    return _ESCAPED.sub(lambda match: "\\" if match[1] == "\\" else chr(int(match[1][1:], 16)), value)
