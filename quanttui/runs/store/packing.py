"""Values as they stand in the database's columns. Knows no table."""

from __future__ import annotations

import zlib
from typing import Any, TypeVar

from quanttui.errors import HistoryError
from quanttui.typed_json import TypedJsonError, from_text, to_text

Value = TypeVar("Value")


def pack(value: Any) -> bytes:
    """``value`` as compressed typed JSON: for what is large and only ever read whole."""
    return zlib.compress(to_text(value).encode())


def unpack(data: bytes, kind: type[Value]) -> Value:
    """Raises HistoryError where ``data`` holds no ``kind``."""
    try:
        text = zlib.decompress(data).decode()
    except (zlib.error, UnicodeDecodeError, TypeError) as error:
        raise damaged(error) from error
    return read_text(text, kind)


def read_text(text: str, kind: type[Value]) -> Value:
    """Raises HistoryError where ``text`` holds no ``kind``."""
    try:
        return from_text(text, kind)
    except (TypedJsonError, AttributeError) as error:
        raise damaged(error) from error


def search_key(text: str) -> str:
    """``text`` as it is searched in: case-folded, and without the lone surrogates that SQLite cannot hold."""
    return plain(text.casefold())


def plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def damaged(error: Exception) -> HistoryError:
    return HistoryError(
        f"the history holds a row that cannot be read: {error}", "Delete that run, or move the history away."
    )
