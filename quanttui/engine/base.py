"""The engine contract: what the pipeline drives, and what every engine has to keep.

An engine turns requests into work on a model. Plain frozen records go in; generators of plain events come out, whose
return value is the result, so that a caller writes ``result = yield from engine.load(request)``. Nothing that crosses
this line is a tensor. Three engines keep the contract: torch in this process, any engine in a child process, and a
scripted one; one set of tests runs against all of them.

Threads: one caller at a time drives an engine. Only ``cancel``, ``memory`` and ``close`` may be called from another
thread.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

from quanttui.records import (
    EncodedText,
    EncodeRequest,
    EngineDescription,
    EngineMemory,
    EstimateRequest,
    GenerateRequest,
    LoadProgress,
    LoadReport,
    LoadRequest,
    MemoryEstimate,
    Output,
    PromptEncoded,
    Score,
    ScoreProgress,
    ScoreRequest,
    Token,
    UnloadReport,
)


class LoadedModel(Protocol):
    """A model in the engine's memory. One at a time: ``unload`` it before the next ``Engine.load``."""

    @property
    def report(self) -> LoadReport:
        """What was loaded, how large it is and what the user should know of it."""
        ...

    def generate(self, request: GenerateRequest) -> Generator[PromptEncoded | Token, None, Output]:
        """Continue a prompt: one ``PromptEncoded``, then each ``Token`` as it comes; returns the whole ``Output``.

        Greedy output equals ``transformers``' ``generate(do_sample=False, repetition_penalty=1.0)`` token for token.
        Ends at EOS, at ``max_new_tokens``, where the context is full, or, within one token, after ``Engine.cancel``
        (finish reason ``cancelled``; the tokens until then are in the output).

        Raises UsageError (no tokens in the prompt, longer than the context, a token id beyond the embedding rows),
        MeasurementError (NaN or infinite logits), OutOfMemoryError, EngineDiedError.
        """
        ...

    def score(self, request: ScoreRequest) -> Generator[ScoreProgress, None, Score | None]:
        """Read ``token_ids`` in one teacher-forced pass and say how far this model is from the reference.

        Called on the reference first: its side of ``text_id`` is kept in the engine and None is returned. Called on
        a candidate: returns the ``Score`` of the tokens from ``first_scored`` on, one ``TokenScore`` each. Nothing of
        the size tokens × vocabulary is kept or made for a whole text.

        With ``side_path`` the reference's side goes into that file (mode 0600, whole or not there; what was there is
        replaced; its folder has to exist) and nothing of it stays in the engine; a candidate reads it there, in any
        engine, process or year, and its figures are to the bit those that a side in the engine gives. A candidate
        whose output head is not bit for bit the reference's needs ``keep_head`` at the reference: its head is then put
        into the same folder, once for all texts, as ``head-FINGERPRINT.safetensors``.
        With ``as_columns`` the same figures come packed, in ``Score.columns``, and ``Score.tokens`` is empty.

        Raises UsageError (no reference side under ``text_id`` or at ``side_path``; it is of another text, tokenizer or
        vocabulary; its head is needed and was not kept; no token to score), MeasurementError (NaN or infinite logits; a
        file that is damaged, or cannot be written), CancelledError, OutOfMemoryError, EngineDiedError.
        """
        ...

    def unload(self) -> UnloadReport:
        """Give the memory back. The model cannot be used afterwards; a second call does nothing new."""
        ...


class Engine(Protocol):
    """Loads models. Cheap to make; what is expensive happens at the first call."""

    def describe(self) -> EngineDescription:
        """Device, versions, and which precisions cannot run here and why. Warms the engine up.

        Raises EngineDiedError where the engine cannot start.
        """
        ...

    def estimate(self, request: EstimateRequest) -> MemoryEstimate:
        """What a load would take here, foretold from the folder's config.json alone: no weight is read.

        Weights to the byte that ``LoadReport.parameter_bytes`` will say. Takes tenths of a second, so it may be asked
        for every variant when a model is chosen, with a model loaded or not.

        Raises UsageError (no model there, a skip name that matches nothing), LoadError (a config that describes no
        model), VariantUnsupportedError, EngineDiedError.
        """
        ...

    def encode(self, request: EncodeRequest) -> EncodedText:
        """Running text as token ids: no chat template, no special token before or after it; "" has none.

        By the tokenizer in the folder alone, all of it however long it is (what is longer than the tokenizer can hold
        goes through it in pieces that begin with a line); no weight is read, and a model may be loaded or not.
        ``bos_token_id`` is what this tokenizer puts before a text by itself, so that a window of it can begin as a
        whole text does; a tokenizer that merely knows a BOS token and puts it nowhere has None.

        Raises UsageError (no model there, half a character in the text), LoadError (no tokenizer that can be used, a
        config that describes no model), EngineDiedError.
        """
        ...

    def load(self, request: LoadRequest) -> Generator[LoadProgress, None, LoadedModel]:
        """Load a model: ``LoadProgress`` as weights come in; returns the model.

        Raises UsageError (a skip name that matches nothing), LoadError (damaged or missing files),
        VariantUnsupportedError (told before any weight is read), OutOfMemoryError, CancelledError, EngineDiedError.
        After any of these nothing stays loaded.
        """
        ...

    def cancel(self) -> None:
        """End the operation under way at its next step (token, weight, chunk). Without effect when none is.

        An engine that does not answer is stopped; the next call starts a fresh one.
        """
        ...

    def memory(self) -> EngineMemory:
        """What torch says of its accelerators: now, or as of the last call where the engine lives in a process.

        From any thread, also in the middle of an operation; never waits, never raises, starts nothing. Without devices
        on a CPU and before the engine is warm.
        """
        ...

    def close(self) -> None:
        """Give everything back, the process included. Idempotent."""
        ...
