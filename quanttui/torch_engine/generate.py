"""The decode loop: a prompt in, tokens out one by one, the output at the end. Knows no file and no variant."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import torch

from quanttui.errors import CancelledError, LoadError, UsageError
from quanttui.records import FinishReason, GenerateRequest, Output, PromptEncoded, Token
from quanttui.torch_engine.decoder import Decoder, left_when
from quanttui.torch_engine.failures import translated
from quanttui.torch_engine.sample import Chooser, make_chooser, read_choice
from quanttui.torch_engine.tokens import TextStream, encode_prompt
from quanttui.torch_engine.weight_files import AGAIN

Clock = Callable[[], float]


@dataclass(frozen=True)
class Generating:
    """What a generation works with; ``context_length`` None: no limit is known."""

    model: Any
    tokenizer: Any
    eos_token_ids: frozenset[int]
    context_length: int | None
    stop: threading.Event
    doing: str
    clock: Clock = time.perf_counter


def generate_tokens(work: Generating, request: GenerateRequest) -> Generator[PromptEncoded | Token, None, Output]:
    """Follows the contract of ``LoadedModel.generate``.

    Time is the engine's own: what the consumer does between two tokens is not counted.
    """
    watch = _Stopwatch(work.clock)
    chooser = make_chooser(request.settings, work.model.device)
    with watch.paused():  # a template's process may have to start
        encoded = encode_prompt(work.tokenizer, request.prompt, request.settings)
    context = encoded.token_ids + request.forced_token_ids
    _check_prompt(work, context)
    with watch.paused():
        yield encoded
    sequence = _Sequence(work, chooser, request.settings.max_new_tokens, context)
    sequence.read_prompt(encoded.token_ids, request.forced_token_ids)
    while sequence.finish_reason is None:
        token = sequence.next_token(watch)
        with watch.paused():
            yield token
        sequence.note_cancellation()
    return sequence.output(encoded.token_ids + request.forced_token_ids)


def eos_token_ids(model: Any) -> frozenset[int]:
    """Every id that ends a text, as ``generate`` reads them from the generation config. Raises LoadError."""
    ids = model.generation_config.eos_token_id
    listed = ids if isinstance(ids, (list, tuple)) else [ids] if ids is not None else []
    for token_id in listed:
        if type(token_id) is not int:
            raise LoadError(f"generation_config.json names {token_id!r} as eos_token_id: no token id", AGAIN)
    return frozenset(listed)


@dataclass
class _Sequence:
    """The tokens generated so far, and what comes of them."""

    work: Generating
    choose: Chooser
    max_new_tokens: int
    context: tuple[int, ...]
    tokens: list[Token] = field(default_factory=list)
    finish_reason: FinishReason | None = None

    def __post_init__(self) -> None:
        self.decoder = Decoder(self.work.model, room=len(self.context) + self.max_new_tokens)
        self.stream = TextStream(self.work.tokenizer, self.context)
        self.logits: torch.Tensor | None = None

    def read_prompt(self, prompt: tuple[int, ...], forced: tuple[int, ...]) -> None:
        """The prompt in one pass, which can be left between two layers; forced tokens one by one, as the model would
        have come by them itself."""
        if self.work.context_length is not None and len(self.context) >= self.work.context_length:
            self.finish_reason = FinishReason.CONTEXT
            return
        with translated(self.work.doing):
            try:
                with left_when(self.work.stop.is_set, self.work.model):
                    self.logits = self.decoder.feed(prompt)
            except CancelledError:
                self.note_cancellation()
                return
            for token_id in forced:
                self.note_cancellation()
                if self.finish_reason is not None:
                    return
                self.logits = self.decoder.feed([token_id])
        self.note_cancellation()

    def next_token(self, watch: _Stopwatch) -> Token:
        with translated(self.work.doing):
            if self.tokens:
                _check_embedding(self.work.model, (self.tokens[-1].token_id,))
                self.logits = self.decoder.feed([self.tokens[-1].token_id])
            assert self.logits is not None
            token_id, probability = read_choice(self.choose, self.logits)
        self.finish_reason = self._reason(token_id)
        text = self.stream.push(token_id)
        if self.finish_reason is not None:
            text += self.stream.flush()
        token = Token(len(self.tokens), token_id, text, probability, watch.seconds())
        self.tokens.append(token)
        return token

    def note_cancellation(self) -> None:
        if self.finish_reason is None and self.work.stop.is_set():
            self.finish_reason = FinishReason.CANCELLED

    def _reason(self, token_id: int) -> FinishReason | None:
        made = len(self.tokens) + 1
        if token_id in self.work.eos_token_ids:
            return FinishReason.EOS
        if made >= self.max_new_tokens:
            return FinishReason.LENGTH
        if self.work.context_length is not None and len(self.context) + made >= self.work.context_length:
            return FinishReason.CONTEXT
        return None

    def output(self, prompt_token_ids: tuple[int, ...]) -> Output:
        assert self.finish_reason is not None
        pieces = tuple(token.text for token in self.tokens)
        return Output(
            text="".join(pieces),
            token_ids=tuple(token.token_id for token in self.tokens),
            pieces=pieces,
            probabilities=tuple(token.probability for token in self.tokens),
            finish_reason=self.finish_reason,
            prompt_token_ids=prompt_token_ids,
            tokens_per_second=self._tokens_per_second(),
            time_to_first_token_seconds=self.tokens[0].elapsed_seconds if self.tokens else None,
        )

    def _tokens_per_second(self) -> float | None:
        """Of the decode: the first token belongs to the prefill."""
        if len(self.tokens) < 2:
            return None
        seconds = self.tokens[-1].elapsed_seconds - self.tokens[0].elapsed_seconds
        return (len(self.tokens) - 1) / seconds if seconds > 0 else None


class _Stopwatch:
    """Seconds since it was made, less those between ``paused``'s enter and exit."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = clock()

    def seconds(self) -> float:
        return self._clock() - self._started

    def paused(self) -> _Stopwatch:
        return self

    def __enter__(self) -> None:
        self._paused_at = self._clock()

    def __exit__(self, *_: object) -> None:
        self._started += self._clock() - self._paused_at


def _check_prompt(work: Generating, context: tuple[int, ...]) -> None:
    if work.context_length is not None and len(context) > work.context_length:
        raise UsageError(
            f"the prompt has {len(context)} tokens, the model's context holds {work.context_length}",
            "Shorten the prompt.",
        )
    _check_embedding(work.model, context)


def _check_embedding(model: Any, token_ids: tuple[int, ...]) -> None:
    """A row that does not exist is an IndexError on a CPU, and on a GPU the end of the CUDA context."""
    rows = model.get_input_embeddings().weight.shape[0]
    beyond = [token_id for token_id in token_ids if not 0 <= token_id < rows]
    if beyond:
        raise UsageError(
            f"token id {beyond[0]} lies beyond the embedding's {rows} rows",
            "Tokenizer and weights do not belong together: download the model again.",
        )
