"""Running text to token ids, by a folder's tokenizer alone. Knows no prompt, no template and no weight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quanttui.errors import UsageError
from quanttui.records import EncodedText, EncodeRequest
from quanttui.torch_engine.blueprint import draw_blueprint
from quanttui.torch_engine.checkpoint import peek_checkpoint
from quanttui.torch_engine.opened import stamp_of
from quanttui.torch_engine.tokens import check_vocabulary, open_tokenizer

PIECE_CHARACTERS = 1_000_000
"""A tokenizer holds some 200 bytes a token while it works: a longer text goes through it in pieces."""

_ANY_TEXT = "a"


@dataclass(frozen=True)
class _Opened:
    stamp: object
    tokenizer: Any
    bos_token_id: int | None
    context_length: int | None


class Encoder:
    """Answers for one engine. Remembers the last folder's tokenizer: a sweep asks for many texts of one model."""

    def __init__(self) -> None:
        self._opened: _Opened | None = None

    def encode(self, request: EncodeRequest) -> EncodedText:
        """Follows the contract of ``Engine.encode``."""
        stamp = stamp_of(Path(request.path))
        if self._opened is None or stamp is None or self._opened.stamp != stamp:
            self._opened = _open(request.path, stamp)
        opened = self._opened
        first, *later = pieces_of(request.text)
        token_ids = _ids(opened.tokenizer, first)
        for piece in later:
            token_ids += _ids_after_line(opened.tokenizer, piece)
        return EncodedText(tuple(token_ids), opened.bos_token_id, opened.context_length)


def pieces_of(text: str, most: int = PIECE_CHARACTERS) -> Iterator[str]:
    """``text``, cut where a line begins, into pieces of at most ``most`` characters where its lines allow that.

    Not between two ends of lines, which are one token to many tokenizers.
    """
    start = 0
    while len(text) - start > most:
        stop = start + most
        while stop > start and text[stop] == "\n":
            stop -= 1
        end = text.rfind("\n", start, stop) + 1 or text.find("\n", start + most) + 1
        if not end:
            break
        yield text[start:end]
        start = end
    yield text[start:]


def _open(path: str, stamp: object) -> _Opened:
    blueprint = draw_blueprint(peek_checkpoint(path))
    tokenizer = open_tokenizer(blueprint.checkpoint.folder)
    check_vocabulary(tokenizer, blueprint.embedding_rows)
    return _Opened(stamp, tokenizer, _bos_token_id(tokenizer), blueprint.context_length)


def _bos_token_id(tokenizer: Any) -> int | None:
    """What the tokenizer puts before a text, seen by letting it: its settings may name a BOS that it never uses."""
    plain = _ids(tokenizer, _ANY_TEXT)
    whole = list(tokenizer(_ANY_TEXT)["input_ids"])
    return whole[0] if whole[1 : 1 + len(plain)] == plain and whole[: len(plain)] != plain else None


def _ids_after_line(tokenizer: Any, piece: str) -> list[int]:
    """As they are after the end of a line: SentencePiece's tokenizers put a mark before what begins a text."""
    line_end, ids = _ids(tokenizer, "\n"), _ids(tokenizer, "\n" + piece)
    return ids[len(line_end) :] if ids[: len(line_end)] == line_end else _ids(tokenizer, piece)


def _ids(tokenizer: Any, text: str) -> list[int]:
    """``verbose=False``: a text longer than the context is no reason for a warning here, windows are cut from it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError("the text holds half of a character", "Save it as UTF-8 and name it again.") from None
    return list(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
