"""What one token stands for, by itself. Knows the tokenizer, no model. The text is raw: make it safe where shown."""

from __future__ import annotations

import re
from typing import Any

_WORD_START = "▁"
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")


class TokenTexts:
    """The text of single tokens, as it stands inside a text: with its leading space, bytes that are no character
    as ``<0xE2>``, and nothing cleaned up."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self._known: dict[int, str] = {}

    def __getitem__(self, token_id: int) -> str:
        text = self._known.get(token_id)
        if text is None:
            text = self._known[token_id] = self._read(token_id)
        return text

    def _read(self, token_id: int) -> str:
        text: str = self.tokenizer.decode([token_id], clean_up_tokenization_spaces=False)
        piece = self.tokenizer.convert_ids_to_tokens(token_id)
        if not isinstance(piece, str):
            return text
        if "\ufffd" in text and "\ufffd" not in piece:
            return piece if _BYTE.fullmatch(piece) else _visible_bytes(piece)
        if piece.startswith(_WORD_START) and not text.startswith(" "):
            return " " + text
        return text


def _visible_bytes(piece: str) -> str:
    """A byte-level piece that holds part of a character: its characters stand for one byte each."""
    values = [_BYTE_OF.get(character) for character in piece]
    return "".join("\ufffd" if value is None else f"<0x{value:02X}>" for value in values)


def _byte_alphabet() -> dict[str, int]:
    """GPT-2's: printable bytes stand for themselves, the others for the characters from U+0100 on.

    https://github.com/openai/gpt-2/blob/master/src/encoder.py
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + n): byte for n, byte in enumerate(others)}


_BYTE_OF = _byte_alphabet()
