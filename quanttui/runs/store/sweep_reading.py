"""Reads sweeps back: whole, or what is new of one that goes on. Writes nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TypeVar

from quanttui.errors import UsageError
from quanttui.records import (
    EngineDescription,
    MeasuredSpeed,
    Sweep,
    SweepCell,
    SweepRequest,
    SweepUnit,
    Variant,
    VariantFailure,
)
from quanttui.records.history import RunKind, RunOrigin, RunState, StoredSweep, SweepMark
from quanttui.runs.store.packing import read_text, unpack, unpack_columns
from quanttui.runs.store.reading import CUT_OFF, line_of_row, no_run, one_moment, read_loads
from quanttui.runs.store.steps import StoredEnding
from quanttui.runs.store.sweep_writing import StoredScoring

Value = TypeVar("Value")

_NOTHING = SweepMark(0, -1)


def read_sweep(connection: sqlite3.Connection, run_id: str) -> StoredSweep:
    """The sweep with exactly this id, as it is at one moment. Raises UsageError where there is none."""
    with one_moment(connection):
        return _whole(connection, run_id)


def read_newer(connection: sqlite3.Connection, known: StoredSweep) -> StoredSweep | None:
    """``known`` and what was written since; None where nothing was. Raises UsageError where it is gone."""
    with one_moment(connection):
        run_id = known.line.run_id
        row = connection.execute(
            "SELECT state, times, changes FROM runs JOIN sweeps USING (run_id) WHERE run_id = ?", (run_id,)
        ).fetchone()
        if row is None:
            raise no_run(run_id)
        state, times, changes = row
        if times != known.mark.times:
            return _whole(connection, run_id)
        if (state, changes) == (known.line.state, known.mark.changes):
            return None
        return _as_it_stands(connection, known)


def _whole(connection: sqlite3.Connection, run_id: str) -> StoredSweep:
    row = connection.execute(
        "SELECT kind, line, state, ended, request, environment, reference, origin"
        " FROM runs JOIN requests USING (run_id) WHERE run_id = ?", (run_id,)
    ).fetchone()  # fmt: skip
    if row is None:
        raise no_run(run_id)
    if row[0] != RunKind.SWEEP:
        raise UsageError(f"the run {run_id} is no sweep", "quanttui history list kind:sweep shows the sweeps.")
    sweep = Sweep(
        read_text(row[4], SweepRequest), read_text(row[5], EngineDescription), read_text(row[6], Variant)
    )  # fmt: skip
    empty = StoredSweep(line_of_row(row[1:4]), read_text(row[7], RunOrigin), sweep, _NOTHING)
    return _as_it_stands(connection, empty)


def _as_it_stands(connection: sqlite3.Connection, known: StoredSweep) -> StoredSweep:
    """``known`` with all that has changed since: units and cells that are new, the small rest read anew."""
    run_id = known.line.run_id
    row = connection.execute(
        "SELECT line, state, ended, exit_code, changes, times, kept_units, notes, failure"
        " FROM runs JOIN requests USING (run_id) JOIN sweeps USING (run_id) WHERE run_id = ?", (run_id,)
    ).fetchone()  # fmt: skip
    line = line_of_row(row[:3])
    ending = read_text(row[8], StoredEnding) if row[8] else None
    loads = read_loads(connection, run_id)
    sweep = replace(
        known.sweep,
        model=loads[0].report.model if loads else None,
        units=_units(connection, known),
        loads=loads,
        cells=_cells(connection, known),
        speeds=_column(connection, "speed", "sweep_speeds", run_id, MeasuredSpeed),
        failures=_column(connection, "failure", "sweep_failures", run_id, VariantFailure),
        kept_units=row[6],
        notes=read_text(row[7], tuple[str, ...]),
        failure=CUT_OFF if line.state is RunState.CUT_OFF else ending.message if ending else None,
    )
    mark = SweepMark(times=row[5], changes=row[4])
    return StoredSweep(line, known.origin, sweep, mark, ending.hint if ending else "", row[3])


def _units(connection: sqlite3.Connection, known: StoredSweep) -> tuple[SweepUnit, ...]:
    rows = connection.execute(
        "SELECT read FROM sweep_units WHERE run_id = ? AND change > ?", (known.line.run_id, known.mark.changes)
    )
    units = {unit.index: unit for unit in (*known.sweep.units, *(unpack(row[0], SweepUnit) for row in rows))}
    return tuple(units[index] for index in sorted(units))


def _cells(connection: sqlite3.Connection, known: StoredSweep) -> tuple[SweepCell, ...]:
    """In the order in which they were scored."""
    variants = (known.sweep.reference, *known.sweep.request.candidates)
    rows = connection.execute(
        "SELECT place, unit, tokens, scoring, columns FROM sweep_cells WHERE run_id = ? AND change > ? ORDER BY change",
        (known.line.run_id, known.mark.changes),
    )
    cells = {(cell.variant, cell.unit): cell for cell in known.sweep.cells}
    for place, unit, tokens, text, columns in rows:
        scoring = read_text(text, StoredScoring)
        cells[variants[place], unit] = SweepCell(
            variants[place], unit, unpack_columns(columns, tokens), scoring.noise_floor, scoring.seconds,
            scoring.windows
        )  # fmt: skip
    return tuple(cells.values())


def _column(
    connection: sqlite3.Connection, column: str, table: str, run_id: str, kind: type[Value]
) -> tuple[Value, ...]:
    rows = connection.execute(f"SELECT {column} FROM {table} WHERE run_id = ? ORDER BY place", (run_id,))
    return tuple(read_text(row[0], kind) for row in rows)
