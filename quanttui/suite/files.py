"""Bytes of a user's file into text: read no further than a limit, UTF-8 or refused with its line. Knows no format."""

from __future__ import annotations

from pathlib import Path

from quanttui.errors import UsageError


def read_text(path: Path, limit_bytes: int, title: str, allowed: str) -> str:
    """The text of ``path``. ``title`` names it in errors, ``allowed`` is their hint. Raises UsageError."""
    return decode_text(read_bytes(path, limit_bytes, title, allowed), limit_bytes, title, allowed)


def read_bytes(path: Path, limit_bytes: int, title: str, allowed: str) -> bytes:
    """At most one byte more than ``limit_bytes``: what has no end is not read to its end."""
    try:
        with path.open("rb") as file:
            return file.read(limit_bytes + 1)
    except OSError as error:
        raise UsageError(f"{title} cannot be read: {error.strerror}", allowed) from error


def decode_text(raw: bytes, limit_bytes: int, title: str, allowed: str) -> str:
    """``raw`` as text, without a byte order mark, its lines ended by "\\n" alone. Raises UsageError."""
    if len(raw) > limit_bytes:
        raise UsageError(f"{title} is larger than {limit_bytes // 1_000_000} MB", "Split it, or take a part of it.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{title}, line {line}: this is no UTF-8 text: {error.reason} at byte {error.start}",
            f"Save it as UTF-8. {allowed}",
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UsageError(
            f"{title}, line {line}: a zero byte: this is UTF-16, or no text", f"Save it as UTF-8. {allowed}"
        )
    return text.replace("\r\n", "\n")
