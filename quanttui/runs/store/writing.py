"""Writes one comparison, step by step: each method is a transaction of its own, on the disk when it returns. Reads
nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from quanttui.records import CandidateSummary, DiffSpan, DivergenceSummary, Output, Score, Variant
from quanttui.records.events import RunStarted
from quanttui.records.history import RunLine, RunOrigin, RunState
from quanttui.runs.store.packing import pack, plain
from quanttui.runs.store.steps import Execute, StepWriter, candidate_line, first_line
from quanttui.typed_json import to_text

_LINE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class StoredOutput:
    """An output as its row holds it; a reference's has no ``diff``."""

    output: Output
    first_divergence: int | None = None
    diff: tuple[DiffSpan, ...] = ()


class RunWriter(StepWriter):
    """One comparison's rows, from ``begin`` to its end."""

    def begin(self, started: RunStarted, origin: RunOrigin) -> None:
        request = started.request
        self._request, self._run_id = request, request.run_id
        self._reference = started.reference
        begins = request.prompts[0][:_LINE_CHARACTERS] if request.prompts else ""
        self._line = first_line(started, begins, self._clock())
        with self._transaction(alive=False) as execute:
            self._insert_run(execute, request, started.environment, started.reference, origin)
            self._insert_prompts(execute, request.prompts)

    def output(self, variant: Variant, prompt: int, made: StoredOutput, *, is_reference: bool, is_whole: bool) -> None:
        """Takes the place of the part of it that was written before."""
        place = 0 if is_reference else self._place(variant)
        with self._transaction() as execute:
            execute(
                "INSERT OR REPLACE INTO outputs VALUES (?, ?, ?, ?, ?, ?)",
                self._run_id, prompt, place, plain(variant.spelling), is_whole, pack(made)
            )  # fmt: skip

    def score(self, variant: Variant, prompt: int, score: Score, divergence: DivergenceSummary | None) -> None:
        figures = None if divergence is None else to_text(divergence)
        with self._transaction() as execute:
            execute(
                "INSERT OR REPLACE INTO scores VALUES (?, ?, ?, ?, ?, ?)",
                self._run_id, prompt, self._place(variant), plain(variant.spelling), figures, pack(score)
            )  # fmt: skip

    def finish(self, summaries: tuple[CandidateSummary, ...]) -> None:
        with self._transaction() as execute:
            self._end(execute, RunState.DONE, 0, self._measured(execute, summaries))

    def fail(
        self,
        state: RunState,
        message: str,
        hint: str,
        exit_code: int | None,
        summaries: tuple[CandidateSummary, ...] = (),
    ) -> None:
        """What was being written when it ended is no part of the run; ``summaries`` of what was scored until then."""
        with self._transaction() as execute:
            execute("DELETE FROM outputs WHERE run_id = ? AND NOT is_whole", self._run_id)
            self._note_ending(execute, message, hint)
            line = self._measured(execute, summaries)
            self._end(execute, state, exit_code, replace(line, failure=message))

    def _measured(self, execute: Execute, summaries: tuple[CandidateSummary, ...]) -> RunLine:
        """Write ``summaries``; the run's line with their figures."""
        for position, summary in enumerate(summaries):
            divergence, kl = summary.divergence, summary.divergence.kl_divergence
            execute(
                "INSERT INTO summaries VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                self._run_id, position, plain(summary.variant.spelling), divergence.tokens,
                kl.mean, kl.standard_error, divergence.same_top, to_text(summary)
            )  # fmt: skip
        figures = tuple(candidate_line(summary.variant, summary.divergence) for summary in summaries)
        return replace(self._line, figures=figures)

    def _load_position(self, variant: Variant) -> int:
        """As the variants were asked for, whichever of those side by side is there first."""
        if variant == self._reference and variant not in self._positions:
            return 0
        return self._place(variant)

    def _place(self, variant: Variant) -> int:
        return self._request.candidates.index(variant) + 1
