"""A model in memory: what the engine hands out. Runs generations and scorings, each in its turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import torch

from quanttui.errors import UsageError
from quanttui.records import (
    GenerateRequest,
    LoadReport,
    Output,
    PromptEncoded,
    Score,
    ScoreProgress,
    ScoreRequest,
    Token,
    UnloadReport,
)
from quanttui.torch_engine.decoder import states_kept
from quanttui.torch_engine.failures import frames_released, translated
from quanttui.torch_engine.generate import Generating, eos_token_ids, generate_tokens
from quanttui.torch_engine.mapped_pages import MappedPages
from quanttui.torch_engine.memory import MemoryMeter, release_memory
from quanttui.torch_engine.operations import Operations
from quanttui.torch_engine.reference_side import ReferenceShelf
from quanttui.torch_engine.score import Decoded, Scorer


@dataclass
class TorchModel:
    """Keeps the contract of ``engine.base.LoadedModel``.

    ``decode_states``: after a generation with ``keep_states``, the output head's input that predicted each generated
    token, [generated tokens, hidden]; row 0 comes from the prefill's last position. ``decoded_token_ids``: the text
    they belong to, prompt included. ``reference_shelf``: the engine's own; what scorings of the reference leave for
    those of the candidates.
    """

    model: Any
    tokenizer: Any
    report: LoadReport
    device: torch.device
    operations: Operations
    meter: MemoryMeter
    pages: MappedPages
    reference_shelf: ReferenceShelf
    on_unload: Callable[[], None]
    decode_states: torch.Tensor | None = None
    decoded_token_ids: tuple[int, ...] = ()
    _scorer: Scorer | None = field(default=None, init=False)
    _unloaded: UnloadReport | None = field(default=None, init=False)

    def generate(self, request: GenerateRequest) -> Generator[PromptEncoded | Token, None, Output]:
        with self.operations.running() as stop:
            self._check_resident()
            return (yield from frames_released(self._generating(request, stop)))

    def score(self, request: ScoreRequest) -> Generator[ScoreProgress, None, Score | None]:
        with self.operations.running() as stop:
            self._check_resident()
            return (yield from frames_released(self._scoring(request, stop)))

    def _generating(
        self, request: GenerateRequest, stop: threading.Event
    ) -> Generator[PromptEncoded | Token, None, Output]:
        work = Generating(
            model=self.model,
            tokenizer=self.tokenizer,
            eos_token_ids=eos_token_ids(self.model),
            context_length=self.report.model.context_length,
            stop=stop,
            doing=f"generating with {self.report.variant}",
        )
        self.decode_states = None
        if not request.keep_states:
            return (yield from generate_tokens(work, request))
        with states_kept(self.model) as states:
            output = yield from generate_tokens(work, request)
        self.decode_states = _stacked(states, len(output.token_ids))
        self.decoded_token_ids = output.prompt_token_ids + output.token_ids
        return output

    def _scoring(self, request: ScoreRequest, stop: threading.Event) -> Generator[ScoreProgress, None, Score | None]:
        decoded = None if self.decode_states is None else Decoded(self.decoded_token_ids, self.decode_states)
        work = self._get_scorer().score(request, stop.is_set, decoded)
        while True:
            try:
                with translated(f"scoring with {self.report.variant}"):
                    progress = next(work)
            except StopIteration as done:
                score: Score | None = done.value
                return score
            yield progress

    def _get_scorer(self) -> Scorer:
        """One a model: it remembers what it has checked of the head."""
        if self._scorer is None:
            self._scorer = Scorer(
                self.model,
                self.tokenizer,
                self.report.variant.precision,
                self.report.model.context_length,
                self.reference_shelf,
            )
        return self._scorer

    def unload(self) -> UnloadReport:
        if self._unloaded is None:
            peak_bytes = self.meter.peak_bytes()
            self.model = self.tokenizer = self.decode_states = None
            self._scorer = None
            release_memory(self.device)
            self.pages.drop()  # what is kept of the reference may lie in a file, and would keep all of it
            self._unloaded = UnloadReport(peak_bytes, self.meter.residual_bytes())
            self.on_unload()
        return self._unloaded

    def _check_resident(self) -> None:
        if self._unloaded is not None:
            raise UsageError(f"{self.report.variant} was unloaded", "Load it again.")


def _stacked(states: list[torch.Tensor], tokens: int) -> torch.Tensor | None:
    """The last ``tokens`` states; those before came from feeding forced tokens."""
    return torch.stack(states[-tokens:]) if tokens else None
