"""Messages between an engine process and its client, as lines of typed JSON. Knows records, no pipe and no process."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import msgspec

from quanttui import errors, records, typed_json
from quanttui.errors import QuantTuiError

MEMORY = "memory"
"""The one question that is answered in the middle of an operation; its answer belongs to none."""
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


@functools.cache
def record_types() -> dict[str, type]:
    """By name, all that can cross. Made with the first message: until then no record has to be imported."""
    found: dict[str, type] = {name: getattr(records, name) for name in records.__all__}
    return {name: kind for name, kind in found.items() if dataclasses.is_dataclass(kind)} | {"WireError": WireError}


_ERROR_TYPES: dict[str, type[QuantTuiError]] = {
    name: value for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, QuantTuiError)
}


def encode_message(message: Message) -> bytes:
    """``message`` as one line, newline included."""
    body, escaped = typed_json.encode(message.body)
    name = "" if message.body is None else type(message.body).__name__
    return msgspec.json.encode(_Envelope(message.operation, message.kind, name, msgspec.Raw(body), escaped)) + b"\n"


def decode_message(line: bytes) -> Message:
    """The message that ``line`` holds. Raises CodecError where it holds none."""
    try:
        envelope = msgspec.json.decode(line, type=_Envelope)
        return Message(envelope.id, envelope.kind, _decode_body(envelope))
    except (msgspec.MsgspecError, typed_json.TypedJsonError, KeyError, UnicodeError) as error:
        raise CodecError(f"{type(error).__name__}: {error}") from error


def wire_error(error: QuantTuiError) -> WireError:
    return WireError(type(error).__name__, error.message, error.hint)


def as_exception(error: WireError) -> QuantTuiError:
    """The exception that crossed; one of a class unknown here becomes a plain ``QuantTuiError`` that names it."""
    kind = _ERROR_TYPES.get(error.class_name)
    if kind is None:
        return QuantTuiError(f"{error.class_name}: {error.message}", error.hint or _DEFECT_HINT)
    return kind(error.message, error.hint)


def _decode_body(envelope: _Envelope) -> Any:
    if not envelope.type:
        return None
    return typed_json.decode(envelope.body, record_types()[envelope.type], escaped=envelope.escaped)
