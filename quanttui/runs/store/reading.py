"""Reads runs back: lines for a list, and a run exactly as it was recorded. Writes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from quanttui.errors import UsageError
from quanttui.records import (
    CandidateResult,
    CandidateSummary,
    DivergenceSummary,
    EngineDescription,
    LoadRecord,
    LoadReport,
    PromptResult,
    Run,
    RunRequest,
    Score,
    UnloadReport,
    Variant,
)
from quanttui.records.history import RunKind, RunLine, RunOrigin, RunState, StoredRun
from quanttui.runs.filtering import RunFilter
from quanttui.runs.store.packing import damaged, plain, read_text, unpack
from quanttui.runs.store.steps import StoredEnding
from quanttui.runs.store.writing import StoredOutput

CUT_OFF = "cut off: the process that recorded it ended before the run did"
LATEST = "latest"
_ENOUGH = 2
# A page is full soon, and only as many runs are looked at; a count has to walk through all prompts, in their order.
_ONE_BY_ONE = "EXISTS (SELECT 1 FROM prompts WHERE prompts.run_id = runs.run_id AND instr(prompt_key, ?))"
_ALL_AT_ONCE = "run_id IN (SELECT run_id FROM prompts WHERE instr(prompt_key, ?))"


def read_lines(connection: sqlite3.Connection, wanted: RunFilter, limit: int, offset: int) -> tuple[RunLine, ...]:
    """The newest first."""
    where, values = _conditions(wanted, _ONE_BY_ONE)
    rows = connection.execute(
        f"SELECT line, state, ended FROM runs WHERE {where} ORDER BY started DESC, run_id DESC LIMIT ? OFFSET ?",
        (*values, limit, offset),
    )
    with _sound_rows():
        return tuple(map(line_of_row, rows))


def count_lines(connection: sqlite3.Connection, wanted: RunFilter) -> int:
    where, values = _conditions(wanted, _ALL_AT_ONCE)
    (count,) = connection.execute(f"SELECT count(*) FROM runs WHERE {where}", values).fetchone()
    return int(count)


def find_run(connection: sqlite3.Connection, text: str) -> str:
    """The id that ``text`` begins, or of the run that began last. Raises UsageError."""
    if text == LATEST:
        found = connection.execute("SELECT run_id FROM runs ORDER BY started DESC, run_id DESC LIMIT 1").fetchall()
        if not found:
            raise UsageError("the history is empty", "quanttui compare makes a run.")
        return str(found[0][0])
    begin = plain(text)
    found = connection.execute(
        "SELECT run_id FROM runs WHERE substr(run_id, 1, ?) = ? ORDER BY run_id != ? LIMIT ?",
        (len(begin), begin, begin, _ENOUGH),
    ).fetchall()
    if not begin or not found:
        raise UsageError(f"no run begins with {text!r}", "quanttui history list shows the runs; latest is the last.")
    if len(found) > 1 and found[0][0] != begin:
        raise UsageError(f"more than one run begins with {text!r}", "Write more of its id.")
    return str(found[0][0])


def read_run(connection: sqlite3.Connection, run_id: str) -> StoredRun:
    """The run with exactly this id, as it is at one moment. Raises UsageError where there is none."""
    with one_moment(connection):
        return _stored_run(connection, run_id)


def read_kind(connection: sqlite3.Connection, run_id: str) -> RunKind:
    """Raises UsageError where there is no such run."""
    row = connection.execute("SELECT kind FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    if row is None:
        raise no_run(run_id)
    with _sound_rows():
        return RunKind(row[0])


def no_run(run_id: str) -> UsageError:
    return UsageError(f"there is no run {run_id!r}", "quanttui history list shows the runs.")


@contextmanager
def one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """What is read within is of one moment, whatever others write meanwhile, and sound, or it is a HistoryError."""
    connection.execute("BEGIN")
    try:
        with _sound_rows():
            yield
    finally:
        if connection.in_transaction:  # a disk that fails has rolled it back already
            connection.execute("ROLLBACK")


@contextmanager
def _sound_rows() -> Iterator[None]:
    """Rows that do not fit together, or hold what none was ever written with, become a HistoryError."""
    try:
        yield
    except (ValueError, LookupError, TypeError) as error:
        raise damaged(error) from error


def _stored_run(connection: sqlite3.Connection, run_id: str) -> StoredRun:
    row = connection.execute(
        "SELECT line, state, ended, exit_code, request, environment, reference, origin, failure, kind"
        " FROM runs JOIN requests USING (run_id) WHERE run_id = ?", (run_id,)
    ).fetchone()  # fmt: skip
    if row is None:
        raise no_run(run_id)
    if row[9] != RunKind.COMPARE:
        raise UsageError(f"the run {run_id} is a sweep, no comparison", "quanttui history show shows it.")
    line = line_of_row(row[:3])
    ending = read_text(row[8], StoredEnding) if row[8] else None
    request = read_text(row[4], RunRequest)
    reference = read_text(row[6], Variant)
    loads = read_loads(connection, run_id)
    run = Run(
        request=request,
        environment=read_text(row[5], EngineDescription),
        reference=reference,
        model=loads[0].report.model if loads else None,
        prompts=_prompts(connection, request, reference),
        loads=loads,
        summaries=_summaries(connection, run_id),
        failure=CUT_OFF if line.state is RunState.CUT_OFF else ending.message if ending else None,
    )
    return StoredRun(line, read_text(row[7], RunOrigin), run, ending.hint if ending else "", row[3])


def line_of_row(row: tuple[str, str, float | None]) -> RunLine:
    """Of the columns line, state and ended."""
    made = read_text(row[0], RunLine)
    state = RunState(row[1])
    return replace(
        made, state=state, ended_seconds=row[2], failure=CUT_OFF if state is RunState.CUT_OFF else made.failure
    )


def read_loads(connection: sqlite3.Connection, run_id: str) -> tuple[LoadRecord, ...]:
    rows = connection.execute("SELECT report, unload FROM loads WHERE run_id = ? ORDER BY position", (run_id,))
    return tuple(
        LoadRecord(read_text(report, LoadReport), read_text(unload, UnloadReport) if unload else None)
        for report, unload in rows
    )


def _summaries(connection: sqlite3.Connection, run_id: str) -> tuple[CandidateSummary, ...]:
    rows = connection.execute("SELECT summary FROM summaries WHERE run_id = ? ORDER BY position", (run_id,))
    return tuple(read_text(row[0], CandidateSummary) for row in rows)


def _prompts(connection: sqlite3.Connection, request: RunRequest, reference: Variant) -> tuple[PromptResult, ...]:
    rows = connection.execute(
        "SELECT prompt, place, result, divergence, score FROM outputs LEFT JOIN scores USING (run_id, prompt, place)"
        " WHERE run_id = ? ORDER BY prompt, place", (request.run_id,)
    )  # fmt: skip
    results: dict[int, PromptResult] = {}
    for prompt, place, packed, divergence, score in rows:
        stored = unpack(packed, StoredOutput)
        if place == 0:
            results[prompt] = PromptResult(request.prompts[prompt], reference, stored.output)
            continue
        candidate = _candidate(request.candidates[place - 1], stored, divergence, score)
        results[prompt] = replace(results[prompt], candidates=(*results[prompt].candidates, candidate))
    return tuple(results.values())


def _candidate(variant: Variant, stored: StoredOutput, divergence: str | None, score: bytes | None) -> CandidateResult:
    return CandidateResult(
        variant=variant,
        output=stored.output,
        first_divergence=stored.first_divergence,
        diff=stored.diff,
        score=unpack(score, Score) if score is not None else None,
        divergence=read_text(divergence, DivergenceSummary) if divergence is not None else None,
    )


def _conditions(wanted: RunFilter, in_prompt: str) -> tuple[str, list[Any]]:
    parts: list[tuple[str, Any]] = [
        *(("instr(model_key, ?)", plain(word)) for word in wanted.model),
        *(("instr(variant_key, ' ' || ?)", plain(word)) for word in wanted.variant),
        *((in_prompt, plain(word)) for word in wanted.text),
    ]
    if wanted.kind is not None:
        parts.append(("kind = ?", wanted.kind))
    if wanted.state is not None:
        parts.append(("state = ?", wanted.state))
    if wanted.since_seconds is not None:
        parts.append(("started >= ?", wanted.since_seconds))
    if wanted.before_seconds is not None:
        parts.append(("started < ?", wanted.before_seconds))
    return " AND ".join(part for part, _ in parts) or "1", [value for _, value in parts]
