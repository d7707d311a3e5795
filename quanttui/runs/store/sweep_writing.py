"""Writes one sweep, step by step: each method is a transaction of its own, on the disk when it returns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from quanttui.errors import UsageError
from quanttui.records import (
    EngineDescription,
    LoadRecord,
    MeasuredSpeed,
    NoiseFloor,
    Sweep,
    SweepCell,
    SweepPart,
    SweepSnapshot,
    SweepUnit,
    Variant,
    VariantFailure,
)
from quanttui.records.history import RunKind, RunLine, RunOrigin, RunState, SweepLine
from quanttui.records.sweep_events import SweepStarted
from quanttui.runs.processes import own_mark
from quanttui.runs.store.packing import pack, pack_columns, plain, read_text
from quanttui.runs.store.steps import Execute, StepWriter, candidate_line, first_line
from quanttui.runs.words import swept_words
from quanttui.typed_json import to_text


@dataclass(frozen=True, slots=True)
class StoredScoring:
    """Of a cell, what its columns do not hold."""

    noise_floor: NoiseFloor
    seconds: float
    windows: tuple[int, ...]


class SweepWriter(StepWriter):
    """One sweep's rows, from ``begin`` or ``take_up`` to its end."""

    def begin(self, started: SweepStarted, origin: RunOrigin) -> None:
        request = started.request
        self._adopt(started)
        self._line = _first_line(started, self._clock())
        self._notes: tuple[str, ...] = ()
        with self._transaction(alive=False) as execute:
            self._insert_run(execute, request, started.environment, started.reference, origin)
            self._insert_prompts(execute, [*(prompt.text for prompt in request.prompts), *_names(started)])
            execute("INSERT INTO sweeps VALUES (?, 1, NULL, ?)", self._run_id, to_text(self._notes))

    def take_up(self, started: SweepStarted, had: Sweep, origin: RunOrigin) -> None:
        """Go on with a sweep that ended early: what is kept of it becomes what ``had`` says.

        Raises UsageError where it is not there, is done, goes on in another process, or was begun under conditions that
        are not those of ``started`` and ``origin``: its table would mix what cannot be held against each other.
        """
        self._adopt(started)
        with self._transaction() as execute:
            row = execute("SELECT state, changes, line FROM runs WHERE run_id = ? AND kind = ?", self._run_id,
                          RunKind.SWEEP).fetchone()  # fmt: skip
            check_resumable(self._run_id, None if row is None else RunState(row[0]))
            if had.units or had.cells:
                self._check_conditions(execute, started, origin)
            self._changes = row[1] + 1
            self._line = replace(
                read_text(row[2], RunLine),
                failure=None,
                reference=started.reference.spelling,
                device_name=started.environment.device_name,
            )
            self._set_running(execute, started)
            self._leave_only(execute, had)

    def unit(self, unit: SweepUnit) -> None:
        with self._transaction() as execute:
            execute(
                "INSERT OR REPLACE INTO sweep_units VALUES (?, ?, ?, ?)",
                self._run_id, unit.index, self._changes, pack(unit)
            )  # fmt: skip

    def keep_units(self, kept: int) -> None:
        with self._transaction() as execute:
            execute("UPDATE sweeps SET kept_units = ? WHERE run_id = ?", kept, self._run_id)

    def cell(self, cell: SweepCell) -> None:
        scoring = to_text(StoredScoring(cell.noise_floor, cell.seconds, cell.windows))
        columns = cell.columns
        with self._transaction() as execute:
            execute(
                "INSERT OR REPLACE INTO sweep_cells VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                self._run_id, self._place(cell.variant), cell.unit, self._changes, plain(cell.variant.spelling),
                columns.tokens, scoring, pack_columns(columns)
            )  # fmt: skip

    def speed(self, speed: MeasuredSpeed) -> None:
        with self._transaction() as execute:
            self._insert_speed(execute, speed)

    def failure(self, failure: VariantFailure) -> None:
        with self._transaction() as execute:
            self._insert_failure(execute, failure)

    def tally(self, snapshot: SweepSnapshot) -> None:
        """How far it has come, for lists; and the notes, where there are new ones."""
        with self._transaction() as execute:
            self._tell(execute, snapshot)
            execute("UPDATE runs SET line = ? WHERE run_id = ?", to_text(self._line), self._run_id)

    def finish(self, snapshot: SweepSnapshot) -> None:
        with self._transaction() as execute:
            self._tell(execute, snapshot)
            self._end(execute, RunState.DONE, 0, self._line)

    def fail(
        self, state: RunState, message: str, hint: str, exit_code: int | None, snapshot: SweepSnapshot | None
    ) -> None:
        with self._transaction() as execute:
            if snapshot is not None:
                self._tell(execute, snapshot)
            self._note_ending(execute, message, hint)
            self._end(execute, state, exit_code, replace(self._line, failure=message))

    def _adopt(self, started: SweepStarted) -> None:
        self._run_id = started.request.run_id
        self._variants = (started.reference, *started.request.candidates)

    def _place(self, variant: Variant) -> int:
        return self._variants.index(variant)

    def _tell(self, execute: Execute, snapshot: SweepSnapshot) -> None:
        self._line = _line_of(self._line, snapshot)
        if snapshot.notes != self._notes:
            self._notes = snapshot.notes
            execute("UPDATE sweeps SET notes = ? WHERE run_id = ?", to_text(self._notes), self._run_id)

    def _check_conditions(self, execute: Execute, started: SweepStarted, origin: RunOrigin) -> None:
        row = execute("SELECT environment, origin FROM requests WHERE run_id = ?", self._run_id).fetchone()
        before, begun = read_text(row[0], EngineDescription), read_text(row[1], RunOrigin)
        changed = changed_conditions(before, started.environment)
        if begun.weights_header_sha256 != origin.weights_header_sha256:
            changed.append("the headers of the model's weights")
        if changed:
            raise UsageError(
                f"the sweep {self._run_id} was begun under other conditions: {', '.join(changed)}",
                f"quanttui history rerun {self._run_id} begins it anew.",
            )

    def _set_running(self, execute: Execute, started: SweepStarted) -> None:
        execute(
            "UPDATE runs SET state = ?, ended = NULL, exit_code = NULL, process = ?, line = ? WHERE run_id = ?",
            RunState.RUNNING, to_text(own_mark()), to_text(self._line), self._run_id
        )  # fmt: skip
        execute(
            "UPDATE requests SET environment = ?, reference = ?, failure = NULL WHERE run_id = ?",
            to_text(started.environment), to_text(started.reference), self._run_id
        )  # fmt: skip

    def _leave_only(self, execute: Execute, had: Sweep) -> None:
        """Cells and units, the bulk of it, are deleted where ``had`` lacks them; the rest is written anew."""
        self._notes, self._loads = had.notes, len(had.loads)
        execute(
            "UPDATE sweeps SET times = times + 1, kept_units = ?, notes = ? WHERE run_id = ?",
            had.kept_units, to_text(had.notes), self._run_id
        )  # fmt: skip
        cells = {(self._place(cell.variant), cell.unit) for cell in had.cells}
        self._delete_others(execute, "sweep_cells", ("place", "unit"), cells)
        self._delete_others(execute, "sweep_units", ("unit",), {(unit.index,) for unit in had.units})
        for table in ("loads", "sweep_speeds", "sweep_failures"):
            execute(f"DELETE FROM {table} WHERE run_id = ?", self._run_id)
        self._insert_loads(execute, had.loads)
        for speed in had.speeds:
            self._insert_speed(execute, speed)
        for failure in had.failures:
            self._insert_failure(execute, failure)

    def _delete_others(
        self, execute: Execute, table: str, names: Sequence[str], kept: Collection[tuple[int, ...]]
    ) -> None:
        for key in execute(f"SELECT {', '.join(names)} FROM {table} WHERE run_id = ?", self._run_id).fetchall():
            if key not in kept:
                where = " AND ".join(f"{name} = ?" for name in names)
                execute(f"DELETE FROM {table} WHERE run_id = ? AND {where}", self._run_id, *key)

    def _insert_loads(self, execute: Execute, loads: Iterable[LoadRecord]) -> None:
        for position, load in enumerate(loads):
            unload = None if load.unload is None else to_text(load.unload)
            name = plain(load.report.variant.spelling)
            execute("INSERT INTO loads VALUES (?, ?, ?, ?, ?)", self._run_id, position, name, to_text(load.report),
                    unload)  # fmt: skip

    def _insert_speed(self, execute: Execute, speed: MeasuredSpeed) -> None:
        values = (self._run_id, self._place(speed.variant), plain(speed.variant.spelling), to_text(speed))
        execute("INSERT OR REPLACE INTO sweep_speeds VALUES (?, ?, ?, ?)", *values)

    def _insert_failure(self, execute: Execute, failure: VariantFailure) -> None:
        values = (self._run_id, self._place(failure.variant), plain(failure.variant.spelling), to_text(failure))
        execute("INSERT OR REPLACE INTO sweep_failures VALUES (?, ?, ?, ?)", *values)


def check_resumable(run_id: str, state: RunState | None) -> None:
    """Raises UsageError where a sweep in ``state`` (None: there is none) cannot be taken up again."""
    match state:
        case None:
            raise UsageError(f"there is no sweep {run_id!r}", "quanttui history list kind:sweep shows the sweeps.")
        case RunState.RUNNING:
            raise UsageError(f"the sweep {run_id} goes on in another process", "Wait for its end, or stop it there.")
        case RunState.DONE:
            raise UsageError(f"the sweep {run_id} is done", f"quanttui history rerun {run_id} begins it anew.")


def changed_conditions(before: EngineDescription, now: EngineDescription) -> list[str]:
    """On what figures depend and what is not as it was, in words: ``torch 2.12.0, now 2.13.0``."""
    then = {"device": before.device, "device name": before.device_name, **before.versions}
    here = {"device": now.device, "device name": now.device_name, **now.versions}
    names = [name for name in dict.fromkeys((*then, *here)) if then.get(name) != here.get(name)]
    return [f"{name} {then.get(name, 'none')}, now {here.get(name, 'none')}" for name in names]


def _names(started: SweepStarted) -> list[str]:
    """Texts are found by their names: to search through all they hold would take too long."""
    return [text.name for text in started.request.texts]


def _first_line(started: SweepStarted, now: float) -> RunLine:
    words = swept_words(started.request)
    return replace(first_line(started, words, now), kind=RunKind.SWEEP, sweep=SweepLine())


def _line_of(line: RunLine, snapshot: SweepSnapshot) -> RunLine:
    part = SweepPart.TEXT if snapshot.request.texts else SweepPart.SUITE
    rows = [(row.variant, row.text if part is SweepPart.TEXT else row.suite) for row in snapshot.result.variants]
    figures = tuple(candidate_line(variant, divergence) for variant, divergence in rows if divergence is not None)
    progress, recommended = snapshot.progress, snapshot.result.verdict.recommended
    told = SweepLine(progress.cells_done, progress.cells_total, recommended.spelling if recommended else None)
    return replace(line, figures=figures, sweep=told)
