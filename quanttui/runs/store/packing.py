"""Values as they stand in the database's columns. Knows no table.

A cell's columns are its arrays one after another, in the order of ``TokenColumns``, compressed with zlib: so many
tokens times 4, 8, 8, 8, 8 and 1 bytes.
"""

from __future__ import annotations

import zlib
from itertools import accumulate
from typing import Any, TypeVar

from quanttui.errors import HistoryError
from quanttui.records import TokenColumns
from quanttui.typed_json import TypedJsonError, from_text, to_text

Value = TypeVar("Value")

_WIDTHS = (4, 8, 8, 8, 8, 1)
_FAST = 1  # half of a probability's bits are noise: more effort gains next to nothing


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


def pack_columns(columns: TokenColumns) -> bytes:
    arrays = (
        columns.token_ids,
        columns.kl,
        columns.reference_probability,
        columns.candidate_probability,
        columns.reference_max_probability,
        columns.flips,
    )
    return zlib.compress(b"".join(arrays), _FAST)


def unpack_columns(data: bytes, tokens: int) -> TokenColumns:
    """Raises HistoryError where ``data`` does not hold the arrays of so many tokens."""
    try:
        joined = zlib.decompress(data)
    except (zlib.error, TypeError) as error:
        raise damaged(error) from error
    if len(joined) != tokens * sum(_WIDTHS):
        raise damaged(ValueError(f"{len(joined)} bytes are not the columns of {tokens} tokens"))
    stops = list(accumulate(tokens * width for width in _WIDTHS))
    return TokenColumns(tokens, *(joined[start:stop] for start, stop in zip((0, *stops), stops, strict=False)))


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
