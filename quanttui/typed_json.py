"""Records as typed JSON, exactly: what is decoded equals what was encoded. Knows no record, no pipe and no file.

JSON has no NaN, no infinity and, in UTF-8, no lone surrogate, all of which occur in what models say. A value that
holds any of them is written escaped as a whole: in its strings a backslash is doubled and a surrogate becomes
``\\uXXXX``; a float that is not finite becomes the string ``\\nan``, ``\\inf`` or ``\\-inf``.
"""

from __future__ import annotations

import math
import re
from typing import Any, TypeVar

import msgspec

Value = TypeVar("Value")

_MORE_TO_ESCAPE = re.compile(r"[\\\ud800-\udfff]")
_ESCAPED = re.compile(r"\\(\\|u[0-9a-f]{4})")
_NOT_FINITE = {"\\nan": math.nan, "\\inf": math.inf, "\\-inf": -math.inf}
_MARK = "~"


class TypedJsonError(ValueError):
    """Bytes that do not hold a value of the type that was asked for."""


def encode(value: Any) -> tuple[bytes, bool]:
    """The JSON of ``value``, and whether it had to be escaped: msgspec refuses surrogates, and writes NaN as null."""
    try:
        plain = msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_escape(msgspec.to_builtins(value))), True
    if b"null" in plain and _has_not_finite(builtins := msgspec.to_builtins(value)):
        return msgspec.json.encode(_escape(builtins)), True
    return plain, False


def decode(text: bytes | str, kind: type[Value], *, escaped: bool) -> Value:
    """The ``kind`` that ``text`` holds; fields that it does not know are left out. Raises TypedJsonError."""
    try:
        if not escaped:
            return msgspec.json.decode(text, type=kind)
        return msgspec.convert(_unescape(msgspec.json.decode(text)), type=kind)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise TypedJsonError(f"{type(error).__name__}: {error}") from error


def to_text(value: Any) -> str:
    """``value`` as JSON text that says itself whether it is escaped: a ``~`` stands before it then."""
    made, escaped = encode(value)
    return (_MARK if escaped else "") + made.decode()


def from_text(text: str, kind: type[Value]) -> Value:
    """The inverse of ``to_text``. Raises TypedJsonError."""
    return decode(text.removeprefix(_MARK), kind, escaped=text.startswith(_MARK))


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
