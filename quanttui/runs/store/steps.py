"""What the writers of the two kinds of run share: transactions, a run's row, its loads and its end. Reads nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quanttui.records import (
    DivergenceSummary,
    EngineDescription,
    LoadReport,
    RunRequest,
    SweepRequest,
    UnloadReport,
    Variant,
)
from quanttui.records.events import RunStarted
from quanttui.records.history import CandidateLine, RunLine, RunOrigin, RunState
from quanttui.records.sweep_events import SweepStarted
from quanttui.runs.processes import own_mark
from quanttui.runs.store.connection import explaining
from quanttui.runs.store.packing import plain, search_key
from quanttui.typed_json import to_text

Execute = Callable[..., sqlite3.Cursor]


@dataclass(frozen=True, slots=True)
class StoredEnding:
    """Why a run did not end well."""

    message: str
    hint: str


class StepWriter:
    """One run's rows, step by step: each public method is a transaction of its own, on the disk when it returns.

    For one thread. Every method raises HistoryError.
    """

    _run_id: str
    _line: RunLine

    def __init__(self, connection: sqlite3.Connection, path: Path, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._path = path
        self._clock = clock
        self._loads = 0
        self._positions: dict[Variant, int] = {}
        self._changes = 0

    def load(self, report: LoadReport) -> None:
        position = self._positions[report.variant] = self._load_position(report.variant)
        values = (self._run_id, position, plain(report.variant.spelling), to_text(report))
        with self._transaction() as execute:
            execute("INSERT INTO loads (run_id, position, variant, report) VALUES (?, ?, ?, ?)", *values)
        self._loads += 1

    def unload(self, variant: Variant, report: UnloadReport) -> None:
        """Of its last load."""
        with self._transaction() as execute:
            execute(
                "UPDATE loads SET unload = ? WHERE run_id = ? AND position = ?",
                to_text(report), self._run_id, self._positions[variant]
            )  # fmt: skip

    def _load_position(self, variant: Variant) -> int:
        """Where a load stands among those of the run."""
        return self._loads

    def cut_off(self) -> None:
        """The recording ends before the run does; what was being written is kept."""
        with self._transaction() as execute:
            self._end(execute, RunState.CUT_OFF, None, self._line)

    def _insert_run(
        self,
        execute: Execute,
        request: RunRequest | SweepRequest,
        environment: EngineDescription,
        reference: Variant,
        origin: RunOrigin,
    ) -> None:
        line, began = self._line, self._line.started_seconds
        keys = (search_key(request.model.id), variant_key(reference, request.candidates))
        execute(
            "INSERT INTO runs (run_id, kind, state, started, updated, process, model_key, variant_key, line)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self._run_id, line.kind, RunState.RUNNING, began, began, to_text(own_mark()), *keys, to_text(line)
        )  # fmt: skip
        described = (to_text(environment), to_text(reference), to_text(origin))
        execute(
            "INSERT INTO requests (run_id, request, environment, reference, origin) VALUES (?, ?, ?, ?, ?)",
            self._run_id, to_text(request), *described
        )  # fmt: skip

    def _insert_prompts(self, execute: Execute, texts: Iterable[str]) -> None:
        for prompt, text in enumerate(texts):
            execute("INSERT INTO prompts VALUES (?, ?, ?)", self._run_id, prompt, search_key(text))

    def _note_ending(self, execute: Execute, message: str, hint: str) -> None:
        ending = to_text(StoredEnding(message, hint))
        execute("UPDATE requests SET failure = ? WHERE run_id = ?", ending, self._run_id)

    def _end(self, execute: Execute, state: RunState, exit_code: int | None, line: RunLine) -> None:
        execute(
            "UPDATE runs SET state = ?, ended = ?, exit_code = ?, line = ? WHERE run_id = ?",
            state, self._clock(), exit_code, to_text(line), self._run_id
        )  # fmt: skip

    @contextmanager
    def _transaction(self, *, alive: bool = True) -> Iterator[Execute]:
        def execute(statement: str, *values: Any) -> sqlite3.Cursor:
            return self._connection.execute(statement, values)

        self._changes += 1
        with explaining(self._path):
            execute("BEGIN IMMEDIATE")
            try:
                yield execute
                if alive:
                    execute(
                        "UPDATE runs SET updated = ?, changes = ? WHERE run_id = ?",
                        self._clock(), self._changes, self._run_id
                    )  # fmt: skip
                execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has rolled it back already
                    self._connection.execute("ROLLBACK")
                raise


def variant_key(reference: Variant, candidates: Iterable[Variant]) -> str:
    """Every spelling with a blank before it, so that " nf4" finds what begins so."""
    return search_key("".join(f" {variant.spelling}" for variant in (reference, *candidates)))


def first_line(started: RunStarted | SweepStarted, prompt: str, now: float) -> RunLine:
    """Of a run that has just begun. ``prompt``: what it reads, for lists."""
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
        prompt=prompt,
        prompts=len(request.prompts),
        device_name=started.environment.device_name,
    )


def candidate_line(variant: Variant, divergence: DivergenceSummary) -> CandidateLine:
    return CandidateLine(
        variant=variant.spelling,
        kl_mean=divergence.kl_divergence.mean,
        kl_standard_error=divergence.kl_divergence.standard_error,
        same_top=divergence.same_top,
        verdict=divergence.verdict.level,
    )
