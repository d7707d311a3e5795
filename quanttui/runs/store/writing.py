"""Writes one run, step by step: each method is a transaction of its own, on the disk when it returns. Reads nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from quanttui.records import (
    CandidateSummary,
    DiffSpan,
    DivergenceSummary,
    LoadReport,
    Output,
    RunRequest,
    Score,
    UnloadReport,
    Variant,
)
from quanttui.records.events import RunStarted
from quanttui.records.history import CandidateLine, RunLine, RunOrigin, RunState
from quanttui.runs.processes import own_mark
from quanttui.runs.store.connection import explaining
from quanttui.runs.store.packing import pack, plain, search_key
from quanttui.typed_json import to_text

_LINE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class StoredOutput:
    """An output as its row holds it; a reference's has no ``diff``."""

    output: Output
    first_divergence: int | None = None
    diff: tuple[DiffSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredEnding:
    """Why a run did not end well."""

    message: str
    hint: str


class RunWriter:
    """One run's rows, from ``begin`` to ``end``. For one thread. Every method raises HistoryError."""

    def __init__(self, connection: sqlite3.Connection, path: Path, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._path = path
        self._clock = clock
        self._loads = 0

    def begin(self, started: RunStarted, origin: RunOrigin) -> None:
        request, now = started.request, self._clock()
        self._request, self._run_id = request, request.run_id
        self._line = _first_line(started, now)
        values = (self._run_id, RunState.RUNNING, now, now, to_text(own_mark()), search_key(request.model.id))
        key = _variant_key(started.reference, request)
        with self._transaction(alive=False) as execute:
            execute(
                "INSERT INTO runs (run_id, state, started, updated, process, model_key, variant_key, line)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *values, key, to_text(self._line)
            )  # fmt: skip
            described = (to_text(started.environment), to_text(started.reference), to_text(origin))
            execute(
                "INSERT INTO requests (run_id, request, environment, reference, origin) VALUES (?, ?, ?, ?, ?)",
                self._run_id, to_text(request), *described
            )  # fmt: skip
            for prompt, text in enumerate(request.prompts):
                execute("INSERT INTO prompts VALUES (?, ?, ?)", self._run_id, prompt, search_key(text))

    def load(self, report: LoadReport) -> None:
        values = (self._run_id, self._loads, plain(report.variant.spelling), to_text(report))
        with self._transaction() as execute:
            execute("INSERT INTO loads (run_id, position, variant, report) VALUES (?, ?, ?, ?)", *values)
        self._loads += 1

    def unload(self, report: UnloadReport) -> None:
        with self._transaction() as execute:
            execute(
                "UPDATE loads SET unload = ? WHERE run_id = ? AND position = ?",
                to_text(report), self._run_id, self._loads - 1
            )  # fmt: skip

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
            execute(
                "UPDATE requests SET failure = ? WHERE run_id = ?", to_text(StoredEnding(message, hint)), self._run_id
            )
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
        return replace(self._line, figures=tuple(map(_candidate_line, summaries)))

    def cut_off(self) -> None:
        """The recording ends before the run does; what was being written is kept."""
        with self._transaction() as execute:
            self._end(execute, RunState.CUT_OFF, None, self._line)

    def _end(self, execute: Execute, state: RunState, exit_code: int | None, line: RunLine) -> None:
        execute(
            "UPDATE runs SET state = ?, ended = ?, exit_code = ?, line = ? WHERE run_id = ?",
            state, self._clock(), exit_code, to_text(line), self._run_id
        )  # fmt: skip

    def _place(self, variant: Variant) -> int:
        return self._request.candidates.index(variant) + 1

    @contextmanager
    def _transaction(self, *, alive: bool = True) -> Iterator[Execute]:
        def execute(statement: str, *values: Any) -> None:
            self._connection.execute(statement, values)

        with explaining(self._path):
            execute("BEGIN IMMEDIATE")
            try:
                yield execute
                if alive:
                    execute("UPDATE runs SET updated = ? WHERE run_id = ?", self._clock(), self._run_id)
                execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has rolled it back already
                    self._connection.execute("ROLLBACK")
                raise


Execute = Callable[..., None]


def _first_line(started: RunStarted, now: float) -> RunLine:
    request = started.request
    return RunLine(
        run_id=request.run_id,
        state=RunState.RUNNING,
        started_seconds=now,
        ended_seconds=None,
        model_id=request.model.id,
        revision=request.model.revision,
        reference=started.reference.spelling,
        candidates=tuple(variant.spelling for variant in request.candidates),
        prompt=request.prompts[0][:_LINE_CHARACTERS] if request.prompts else "",
        prompts=len(request.prompts),
        device_name=started.environment.device_name,
    )


def _variant_key(reference: Variant, request: RunRequest) -> str:
    """Every spelling with a blank before it, so that " nf4" finds what begins so."""
    return search_key("".join(f" {variant.spelling}" for variant in (reference, *request.candidates)))


def _candidate_line(summary: CandidateSummary) -> CandidateLine:
    divergence = summary.divergence
    return CandidateLine(
        variant=summary.variant.spelling,
        kl_mean=divergence.kl_divergence.mean,
        kl_standard_error=divergence.kl_divergence.standard_error,
        same_top=divergence.same_top,
        verdict=divergence.verdict.level,
    )
