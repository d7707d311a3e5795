"""Scores a text: the reference's side is read and kept, each candidate's is read and compared with it, token by token.

Knows models and tensors; what leaves is plain records. What is kept of a text is its final hidden states, and nothing
of the size tokens × vocabulary is made for more than ``chunk_tokens`` positions.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from quanttui.errors import UsageError
from quanttui.records import Precision, Score, ScoreProgress, ScoreRequest
from quanttui.torch_engine.decoder import Cancelled, raise_if_cancelled
from quanttui.torch_engine.head import SLICE_ELEMENTS, OutputHead, find_head, settle_transform
from quanttui.torch_engine.head_file import KnownHeads
from quanttui.torch_engine.noise import OtherPath, joined, measure_noise
from quanttui.torch_engine.pair import Pair
from quanttui.torch_engine.products import Buffers, block_rows
from quanttui.torch_engine.reference_side import ReferenceShelf, ReferenceSide
from quanttui.torch_engine.score_rows import noise_floor, token_columns, token_scores
from quanttui.torch_engine.side_file import StoredSide, read_side, write_side
from quanttui.torch_engine.states import (
    Reading,
    Window,
    cast_on_the_fly,
    decode_states,
    plan_windows,
    read_window,
)
from quanttui.torch_engine.token_text import TokenTexts

MOST_CHUNK_TOKENS = 128
FEWEST_CHUNK_TOKENS = 16
CHUNK_ELEMENTS = 2**23
CHUNK_BUFFERS = 3
BLOCK_BUFFERS = 2

_INT8_NOTE = "outlier columns are found over all that is read at once, so other lengths give other figures: {windows}"
_OWN_HEAD_NOTE = "the output head is quantized: its logits are its own, in the precision it gives"


def chunk_tokens(vocab_size: int) -> int:
    """Positions that go through the head at once: 128, fewer from a vocabulary of 65,536 on, 16 at least.

    A function of the vocabulary alone, so that two runs are cut alike; its three fp32 buffers stay under 101 MB.
    """
    return max(FEWEST_CHUNK_TOKENS, min(MOST_CHUNK_TOKENS, CHUNK_ELEMENTS // vocab_size))


def scoring_buffer_bytes(vocab_size: int, hidden_size: int) -> int:
    """What a candidate's scoring holds beside the models and their states, at most: three chunks of logits, two
    blocks of them that are measured at once, and the slice of the head that is upcast. All fp32."""
    chunks = CHUNK_BUFFERS * chunk_tokens(vocab_size) * vocab_size
    blocks = BLOCK_BUFFERS * min(block_rows(vocab_size), chunk_tokens(vocab_size)) * vocab_size
    return (chunks + blocks + min(SLICE_ELEMENTS, vocab_size * hidden_size)) * torch.float32.itemsize


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a generation kept: prompt and output, and the head's input [generated, hidden] before each made token."""

    token_ids: tuple[int, ...]
    states: Tensor


@dataclass
class Scorer:
    """One loaded model's scoring. ``shelf`` is the engine's and outlives the model."""

    model: Any
    tokenizer: Any
    precision: Precision
    context_length: int | None
    shelf: ReferenceShelf
    clock: Callable[[], float] = time.perf_counter
    _head: OutputHead | None = field(default=None, init=False)

    def score(
        self,
        request: ScoreRequest,
        cancelled: Cancelled = lambda: False,
        decoded: Decoded | None = None,
    ) -> Generator[ScoreProgress, None, Score | None]:
        """Follows the contract of ``LoadedModel.score``."""
        _check_text(request, self.model)
        try:
            if request.is_reference:
                yield from self._keep_reference(request, cancelled, decoded)
                return None
            return (yield from self._score_candidate(request, cancelled))
        finally:
            if request.release:
                self.shelf.release(request.text_id)

    def _keep_reference(
        self, request: ScoreRequest, cancelled: Cancelled, decoded: Decoded | None
    ) -> Generator[ScoreProgress, None, None]:
        total = len(request.token_ids) - request.first_scored
        yield ScoreProgress(0, total)
        windows = plan_windows(request.token_ids, request.first_scored, self.context_length, self._bos_token_id)
        states = self._read(windows, cancelled)
        other, kind = self._other_path(request, windows, cancelled, decoded)
        side = ReferenceSide(
            token_ids=request.token_ids,
            first_scored=request.first_scored,
            windows=windows,
            states=states,
            other=other,
            noise_kind=kind,
            tokenizer_fingerprint=self.tokenizer_fingerprint,
        )
        if request.side_path is None:
            self.shelf.put(request.text_id, side, self._settled_head)
        else:
            self._write_side(Path(request.side_path), side, cancelled)
            if request.keep_head:
                self._heads.keep(Path(request.side_path).parent)
        yield ScoreProgress(total, total)

    def _other_path(
        self,
        request: ScoreRequest,
        windows: list[Window],
        cancelled: Cancelled,
        decoded: Decoded | None,
    ) -> tuple[OtherPath, str]:
        """The reference by its other path, of the first window: its decode path, or an fp32 one's bf16 cast."""
        if self.precision is Precision.FP32:
            with cast_on_the_fly(self.model, torch.bfloat16):
                states = read_window(self.model, windows[0], cancelled).states
            return OtherPath(states, torch.bfloat16), "fp32 vs its bf16 cast"
        kind = f"{self.precision} decode vs prefill"
        scored = windows[0].scored
        made = len(request.token_ids) - request.first_scored
        if decoded is not None and decoded.token_ids == request.token_ids and len(decoded.states) == made:
            return OtherPath(decoded.states[:scored]), kind
        prompt, continuation = windows[0].token_ids[:-scored], windows[0].token_ids[-scored:]
        return OtherPath(decode_states(self.model, prompt, continuation[: request.replay_tokens], cancelled)), kind

    def _write_side(self, path: Path, side: ReferenceSide, cancelled: Cancelled) -> None:
        """The noise is measured at once, so that the other path's states need not be kept."""
        assert side.other is not None
        size, known = chunk_tokens(self._vocab_size), len(side.other.states)
        measured = []
        for start in range(0, known, size):
            raise_if_cancelled(cancelled)
            stop = min(start + size, len(side.states))
            other = side.other.chunk(start, stop)
            assert other is not None
            measured.append(measure_noise(side.states[start:stop], other, self._settled_head, self._buffers))
        side.noise, side.other = joined(measured), None
        write_side(path, side, self._settled_head, self._heads.own_fingerprint)

    def _score_candidate(self, request: ScoreRequest, cancelled: Cancelled) -> Generator[ScoreProgress, None, Score]:
        started = self.clock()
        stored = None if request.side_path is None else read_side(Path(request.side_path))
        side = self.shelf.get(request.text_id)[0] if stored is None else stored.side
        self._check_comparable(request, side, self._their_vocab_size(request) if stored is None else stored.vocab_size)
        total = len(side.states)
        yield ScoreProgress(0, total)
        states = self._read(side.windows, cancelled)
        reference_head = self._reference_head(request, stored)
        top_k = 0 if request.as_columns else request.top_k
        pair = Pair(side, reference_head, self._settled_head, states, top_k, self._buffers)
        size = chunk_tokens(self._vocab_size)
        for start in range(0, total, size):
            raise_if_cancelled(cancelled)
            stop = min(start + size, total)
            pair.measure(start, stop)
            yield ScoreProgress(stop, total)
        return self._result(request, pair, size, started)

    def _their_vocab_size(self, request: ScoreRequest) -> int:
        return self.shelf.get(request.text_id)[1].vocab_size

    def _reference_head(self, request: ScoreRequest, stored: StoredSide | None) -> OutputHead:
        """The candidate's own where the two are one."""
        if stored is None or request.side_path is None:
            self.shelf.share(self._settled_head)
            return self.shelf.get(request.text_id)[1]
        return self._heads.find(Path(request.side_path).parent, stored.head, self._settled_head.device)

    def _result(self, request: ScoreRequest, pair: Pair, size: int, started: float) -> Score:
        side, measured, noise = pair.side, pair.measured(), pair.noise()
        scored = side.token_ids[side.first_scored :]
        texts = TokenTexts(self.tokenizer)
        return Score(
            tokens=()
            if request.as_columns
            else token_scores(measured, pair.details(), noise, scored, side.first_scored, texts),
            noise_floor=noise_floor(noise, side.noise_kind),
            chunk_tokens=size,
            seconds=self.clock() - started,
            windows=tuple(window.scored for window in side.windows),
            notes=self._notes(side),
            columns=token_columns(measured, noise, scored) if request.as_columns else None,
        )

    def _read(self, windows: list[Window], cancelled: Cancelled) -> Tensor:
        """[scored, hidden] over all windows; at the first pass of this model the head is checked against its logits."""
        kept = []
        for window in windows:
            reading = read_window(self.model, window, cancelled)
            self._settle_head(reading)
            kept.append(reading.states)
        return torch.cat(kept) if len(kept) > 1 else kept[0]

    def _settle_head(self, reading: Reading) -> None:
        if self._head is None:
            head = OutputHead(find_head(self.model))
            with torch.no_grad():
                self._head = settle_transform(
                    head, self.model.config, reading.states[reading.probes], reading.own_logits
                )

    @property
    def _settled_head(self) -> OutputHead:
        assert self._head is not None
        return self._head

    @cached_property
    def _buffers(self) -> Buffers:
        """Kept from text to text: to get as much fresh memory takes a fifth as long as to score a short text."""
        return Buffers(self._vocab_size, self._settled_head.device)

    @cached_property
    def _heads(self) -> KnownHeads:
        """Hashes the head: not before a side in a file is asked for."""
        return KnownHeads(self._settled_head)

    def _check_comparable(self, request: ScoreRequest, side: ReferenceSide, their_vocab_size: int) -> None:
        if request.token_ids != side.token_ids or request.first_scored != side.first_scored:
            raise UsageError("the reference has read another text under this name", "Score the reference again.")
        if self.tokenizer_fingerprint != side.tokenizer_fingerprint:
            raise UsageError(
                "the candidate has another tokenizer than the reference: the same ids are other words to it",
                "Compare variants of one model.",
            )
        if self._vocab_size != their_vocab_size:
            raise UsageError(
                f"the candidate's vocabulary has {self._vocab_size} entries, the reference's {their_vocab_size}: "
                "their distributions cannot be compared",
                "Compare variants of one model.",
            )

    @cached_property
    def tokenizer_fingerprint(self) -> str:
        vocabulary = json.dumps(sorted(self.tokenizer.get_vocab().items()))
        return hashlib.sha256(vocabulary.encode()).hexdigest()

    @property
    def _vocab_size(self) -> int:
        return OutputHead(find_head(self.model)).vocab_size

    @property
    def _bos_token_id(self) -> int | None:
        bos = getattr(self.tokenizer, "bos_token_id", None)
        return bos if isinstance(bos, int) else None

    def _notes(self, side: ReferenceSide) -> tuple[str, ...]:
        notes = []
        if self.precision is Precision.INT8:
            lengths = "+".join(str(len(window.token_ids) - 1) for window in side.windows)
            notes.append(_INT8_NOTE.format(windows=f"batch 1, {lengths} tokens a pass"))
        if self._head is not None and self._head.module is not None:
            notes.append(_OWN_HEAD_NOTE)
        return tuple(notes)


def _check_text(request: ScoreRequest, model: Any) -> None:
    if not 0 < request.first_scored < len(request.token_ids):
        raise UsageError(
            "there is no token to score: a token is scored by what stands before it",
            "Generate at least one token after a prompt of at least one.",
        )
    rows = model.get_input_embeddings().weight.shape[0]
    beyond = [token_id for token_id in request.token_ids if not 0 <= token_id < rows]
    if beyond:
        raise UsageError(
            f"token id {beyond[0]} lies beyond the embedding's {rows} rows",
            "Tokenizer and weights do not belong together: download the model again.",
        )
