"""A run's events, written into the history as they come by. No fault of the history ever reaches the run."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from quanttui import __version__
from quanttui.compare.diff import diff_tokens, first_divergence
from quanttui.errors import HistoryError
from quanttui.models.weights_hash import weights_header_sha256
from quanttui.pipeline.driving import closed_after
from quanttui.pipeline.unstarted import is_worth_keeping, unstarted_run
from quanttui.records import FinishReason, Output, PromptEncoded, RunRequest, Token, Variant
from quanttui.records.events import OutputFinished, PromptPrepared, RunEvent, RunFailed, RunStarted, TokenGenerated
from quanttui.records.history import RunOrigin
from quanttui.runs.recorder import RunRecorder
from quanttui.runs.store import RunStore

StartRecording = Callable[[RunStarted], RunRecorder]
"""Opens the history for a run that has just started. Raises HistoryError."""

PART_SECONDS = 1.0


def recording(path: Path, interface: str, rerun_of: str | None = None) -> StartRecording:
    """Into the database at ``path``, by whom and as what the run is made; ``RunOrigin`` tells them apart."""

    def start(started: RunStarted) -> RunRecorder:
        fingerprint = weights_header_sha256(Path(started.request.model.path))
        origin = RunOrigin(__version__, interface, fingerprint, rerun_of)
        return RunRecorder(RunStore.open(path), started, origin)

    return start


def recorded(
    events: Iterator[RunEvent],
    start: StartRecording | None,
    warn: Callable[[HistoryError], None],
    clock: Callable[[], float] = time.monotonic,
    request: RunRequest | None = None,
) -> Iterator[RunEvent]:
    """``events``, each passed on once what it tells is on the disk. ``start`` None: just passed on. ``request``: where
    it is given, a run that failed before it had started is kept too.

    Where the history cannot take them, ``warn`` is called once and the run goes on unrecorded.
    """
    if start is None:
        yield from events
        return
    with closing(_Recording(start, warn, clock, request)) as taken, closed_after(events):
        for event in events:
            taken.take(event)
            yield event


class _Recording:
    """The recorder from the run's start until its first fault, and the outputs that are being written."""

    def __init__(
        self,
        start: StartRecording,
        warn: Callable[[HistoryError], None],
        clock: Callable[[], float],
        request: RunRequest | None,
    ) -> None:
        self._start = start
        self._unstarted = request
        self._warn = warn
        self._clock = clock
        self._recorder: RunRecorder | None = None
        self._parts: dict[Variant, _Part] = {}
        self._reference: Variant | None = None
        self._references: dict[int, tuple[int, ...]] = {}

    def take(self, event: RunEvent) -> None:
        try:
            if isinstance(event, RunStarted):
                self._unstarted = None
                self._recorder, self._reference = self._start(event), event.reference
            elif isinstance(event, RunFailed) and self._unstarted is not None and is_worth_keeping(event):
                self._recorder = self._start(unstarted_run(self._unstarted))
                self._recorder.note(event)
            elif self._recorder is not None:
                self._recorder.note(event)
                self._take_part(self._recorder, event)
        except HistoryError as error:
            self._give_up(error)

    def close(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        try:
            recorder.close()
        except HistoryError as error:
            self._warn(error)

    def _give_up(self, error: HistoryError) -> None:
        self._warn(error)
        self._warn = lambda _error: None
        self.close()

    def _take_part(self, recorder: RunRecorder, event: RunEvent) -> None:
        match event:
            case PromptPrepared():
                self._parts[event.variant] = _Part(event.variant, event.prompt, event.encoded)
            case TokenGenerated(token=token) if event.variant in self._parts:
                part = self._parts[event.variant]
                part.tokens.append(token)
                reference = self._references.get(event.prompt)
                is_comparable = reference is not None or event.variant == self._reference
                if is_comparable and self._clock() - part.written_seconds >= PART_SECONDS:
                    recorder.note_part(part.as_output(reference))
                    part.written_seconds = self._clock()
            case OutputFinished(is_reference=is_reference):
                self._parts.pop(event.variant, None)
                if is_reference:
                    self._references[event.prompt] = event.output.token_ids


class _Part:
    """An output while it is written; ``as_output`` is what a stop at this moment would have made of it.

    A candidate's is kept only where the reference's is whole, which it is compared with."""

    def __init__(self, variant: Variant, prompt: int, encoded: PromptEncoded) -> None:
        self.variant = variant
        self.prompt = prompt
        self.tokens: list[Token] = []
        self.written_seconds = -math.inf  # the first token is written at once
        self._encoded = encoded

    def as_output(self, reference: tuple[int, ...] | None) -> OutputFinished:
        """``reference``: the tokens of the reference's output, None where this is the reference's own."""
        ids = tuple(token.token_id for token in self.tokens)
        output = Output(
            text="".join(token.text for token in self.tokens),
            token_ids=ids,
            pieces=tuple(token.text for token in self.tokens),
            probabilities=tuple(token.probability for token in self.tokens),
            finish_reason=FinishReason.CANCELLED,
            prompt_token_ids=self._encoded.token_ids,
            tokens_per_second=None,
            time_to_first_token_seconds=self.tokens[0].elapsed_seconds if self.tokens else None,
        )
        if reference is None:
            return OutputFinished(self.variant, self.prompt, output, is_reference=True)
        diff, first = diff_tokens(reference, ids), first_divergence(reference, ids)
        return OutputFinished(self.variant, self.prompt, output, False, first, diff)
