"""The loaded model of a scripted engine: tells its part of the script, and scores by a seeded rule."""

from __future__ import annotations

import random
import zlib
from collections.abc import Generator
from typing import TYPE_CHECKING

from quanttui.engine.scripted.scores import Position, score_position
from quanttui.engine.scripted.script import split_pieces
from quanttui.engine.scripted.sides import check_side, keep_side, packed_columns
from quanttui.engine.scripted.vocabulary import BOS_ID, EOS_ID
from quanttui.errors import CancelledError, UsageError
from quanttui.records import (
    FinishReason,
    GenerateRequest,
    GenerationSettings,
    LoadReport,
    NoiseFloor,
    Output,
    PromptEncoded,
    Score,
    ScoreProgress,
    ScoreRequest,
    Token,
    TokenScore,
    UnloadReport,
)

if TYPE_CHECKING:
    from quanttui.engine.scripted.engine import ScriptedEngine

_SAMPLED_EVERY = 9


class ScriptedModel:
    """Keeps ``LoadedModel``."""

    def __init__(self, engine: ScriptedEngine, report: LoadReport) -> None:
        self.report = report
        self._engine = engine
        self._part = engine.script.variant(report.variant)
        self._warm = False
        self._unloaded: UnloadReport | None = None

    def generate(self, request: GenerateRequest) -> Generator[PromptEncoded | Token, None, Output]:
        with self._engine.operation():
            self._check_resident()
            encoded = self._encode(request)
            yield encoded
            before = encoded.token_ids + request.forced_token_ids
            context = self.report.model.context_length
            room = request.settings.max_new_tokens if context is None else context - len(before)
            planned = self._plan(request)[: min(room, request.settings.max_new_tokens)]
            tokens: list[Token] = []
            for token in planned:
                self._engine.step("generate", self.report.variant, token.index)
                if self._engine.cancelled:
                    return self._output(before, tokens, FinishReason.CANCELLED)
                tokens.append(token)
                yield token
            return self._output(before, tokens, _finish_reason(tokens, room, request.settings))

    def score(self, request: ScoreRequest) -> Generator[ScoreProgress, None, Score | None]:
        with self._engine.operation():
            self._check_resident()
            self._check_score(request)
            total, chunk = len(request.token_ids), self._engine.script.chunk_tokens
            for number, start in enumerate(range(0, total, chunk)):
                self._engine.step("score", self.report.variant, number)
                if self._engine.cancelled:
                    raise CancelledError("scoring was stopped on request", "What was generated is kept.")
                yield ScoreProgress(min(start + chunk, total), total)
            score = None if request.is_reference else self._score(request)
            if request.is_reference:
                keep_side(request, self._engine.reference_sides)
            if request.release:
                self._engine.reference_sides.pop(request.text_id, None)
            return score

    def unload(self) -> UnloadReport:
        if self._unloaded is None:
            self._engine.step("unload", self.report.variant, 0)
            self._unloaded = UnloadReport(self._part.peak_bytes, self._part.residual_bytes)
            if self._engine.resident is self:
                self._engine.resident = None
        return self._unloaded

    def _check_resident(self) -> None:
        if self._engine.resident is not self:
            raise UsageError("this model was unloaded", "Load it again.")

    def _encode(self, request: GenerateRequest) -> PromptEncoded:
        if not request.prompt.strip():
            raise UsageError("the prompt has no tokens", "Type what the model should continue.")
        prompt = split_pieces(request.prompt)
        ids = (BOS_ID, *self._engine.vocabulary.ids(prompt), *request.forced_token_ids)
        _check_ids(ids, self.report.model.vocab_size)
        context = self.report.model.context_length
        if context is not None and len(ids) >= context:
            raise UsageError(f"the prompt has {len(ids)} tokens, the model's context {context}", "Shorten the prompt.")
        return PromptEncoded(ids[: len(prompt) + 1], ("<s>", *prompt))

    def _plan(self, request: GenerateRequest) -> list[Token]:
        """Every token up to EOS, as if nothing ended the text before."""
        pieces = self._continuation(request.forced_token_ids)
        ids = [*self._engine.vocabulary.ids(pieces), EOS_ID]
        if request.settings.do_sample:
            ids = self._sampled(ids, request.settings)
        texts = [*map(self._engine.vocabulary.text, ids[:-1]), ""]
        return [
            Token(index, token_id, text, self._probability(index), self._elapsed_seconds(index))
            for index, (token_id, text) in enumerate(zip(ids, texts, strict=True))
        ]

    def _continuation(self, forced: tuple[int, ...]) -> tuple[str, ...]:
        """What comes after ``forced``: the rest of the first text, ours before the others, that has its last token."""
        at = len(forced)
        for part in (self._part, *self._engine.script.variants.values()):
            if forced and self._engine.vocabulary.ids(part.pieces[at - 1 : at]) == forced[-1:]:
                return part.pieces[at:]
        return self._part.pieces[at:]

    def _sampled(self, ids: list[int], settings: GenerationSettings) -> list[int]:
        draw = random.Random(settings.seed)
        words = self._engine.vocabulary.ids(self._engine.vocabulary.script_pieces)
        return [draw.choice(words) if draw.randrange(_SAMPLED_EVERY) == 0 else i for i in ids[:-1]] + ids[-1:]

    def _probability(self, index: int) -> float:
        if index < len(self._part.probabilities):
            return self._part.probabilities[index]
        draw = random.Random(zlib.crc32(f"{self.report.variant}/{index}".encode()))
        return round(draw.betavariate(3.0, 1.5), 4)

    def _elapsed_seconds(self, index: int) -> float:
        return self._part.time_to_first_token_seconds + index / self._part.tokens_per_second

    def _output(self, before: tuple[int, ...], tokens: list[Token], reason: FinishReason) -> Output:
        warm, self._warm = self._warm, True
        return Output(
            text="".join(token.text for token in tokens),
            token_ids=tuple(token.token_id for token in tokens),
            pieces=tuple(token.text for token in tokens),
            probabilities=tuple(token.probability for token in tokens),
            finish_reason=reason,
            prompt_token_ids=before,
            tokens_per_second=self._part.tokens_per_second if len(tokens) > 1 else None,
            time_to_first_token_seconds=tokens[0].elapsed_seconds if tokens else None,
            warm=warm,
        )

    def _check_score(self, request: ScoreRequest) -> None:
        _check_ids(request.token_ids, self.report.model.vocab_size)
        if not 0 < request.first_scored < len(request.token_ids):
            raise UsageError("there is no token to score", "Generate at least one token first.")
        if not request.is_reference:
            check_side(request, self._engine.reference_sides)

    def _score(self, request: ScoreRequest) -> Score:
        rows = self._rows(request)
        floor = NoiseFloor(self._engine.script.noise_floor_nats, "decode against prefill", len(rows))
        chunk = self._engine.script.chunk_tokens
        seconds = round(len(request.token_ids) / (10 * self._part.tokens_per_second), 4)
        if request.as_columns:
            return Score((), floor, chunk, seconds, columns=packed_columns(rows))
        return Score(rows, floor, chunk, seconds)

    def _rows(self, request: ScoreRequest) -> tuple[TokenScore, ...]:
        """One row a token; at the first place where this variant's own text parts, it would rather say its own."""
        vocabulary = self._engine.vocabulary
        own = [*vocabulary.ids(self._part.pieces), EOS_ID]
        text = request.token_ids[request.first_scored :]
        parts_at = next((i for i, (a, b) in enumerate(zip(text, own, strict=False)) if a != b), None)
        others = [(vocabulary.ids((piece,))[0], piece) for piece in vocabulary.script_pieces]
        rows = []
        for index, token_id in enumerate(text):
            rather = (own[index], vocabulary.text(own[index])) if index == parts_at else None
            at = Position(request.first_scored + index, token_id, vocabulary.text(token_id), rather)
            noise = self._part.logit_noise
            rows.append(score_position(at, self.report.variant.spelling, noise, others, request.top_k))
        return tuple(rows)


def _check_ids(token_ids: tuple[int, ...], vocab_size: int) -> None:
    beyond = [token_id for token_id in token_ids if not 0 <= token_id < vocab_size]
    if beyond:
        raise UsageError(f"token id {beyond[0]} lies beyond the {vocab_size} embedding rows", "Use its own tokenizer.")


def _finish_reason(tokens: list[Token], room: int, settings: GenerationSettings) -> FinishReason:
    if tokens and tokens[-1].token_id == EOS_ID:
        return FinishReason.EOS
    return FinishReason.CONTEXT if room < settings.max_new_tokens else FinishReason.LENGTH
