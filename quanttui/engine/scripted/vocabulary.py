"""Token ids for a scripted engine's pieces. Knows nothing of real tokenizers."""

from __future__ import annotations

import zlib

from quanttui.engine.scripted.script import Script

BOS_ID, EOS_ID = 0, 1


class Vocabulary:
    """Pieces and ids, one to one: the script's pieces first, then whatever a prompt brings, as long as ids last."""

    def __init__(self, script: Script) -> None:
        self.size = script.model.vocab_size
        self._ids: dict[str, int] = {"<s>": BOS_ID, "</s>": EOS_ID}
        self._pieces = ["<s>", "</s>"]
        for part in script.variants.values():
            self.ids(part.pieces)
        self.script_pieces = tuple(self._pieces[2:])

    def ids(self, pieces: tuple[str, ...]) -> tuple[int, ...]:
        return tuple(self._id(piece) for piece in pieces)

    def text(self, token_id: int) -> str:
        return self._pieces[token_id] if token_id < len(self._pieces) else f"<{token_id}>"

    def _id(self, piece: str) -> int:
        if piece not in self._ids and len(self._pieces) >= self.size:
            return 2 + zlib.crc32(piece.encode("utf-8", "surrogatepass")) % (self.size - 2)
        if piece not in self._ids:
            self._ids[piece] = len(self._pieces)
            self._pieces.append(piece)
        return self._ids[piece]
