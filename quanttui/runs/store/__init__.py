"""The history: every run, in one SQLite database. The only room that knows SQLite; it knows records, and no engine.

with RunStore.open_existing(path) as store:
    run = store.load(store.find("latest"))
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from quanttui.errors import UsageError
from quanttui.records import Run
from quanttui.records.history import RunKind, RunLine, RunState, StoredRun, StoredSweep
from quanttui.runs.filtering import RunFilter
from quanttui.runs.processes import ProcessMark, is_gone
from quanttui.runs.store.connection import BUSY_SECONDS, explaining, open_for_reading, open_for_writing
from quanttui.runs.store.packing import plain, read_text
from quanttui.runs.store.reading import count_lines, find_run, read_kind, read_lines, read_run
from quanttui.runs.store.sweep_reading import read_newer, read_sweep
from quanttui.runs.store.sweep_writing import SweepWriter, check_resumable
from quanttui.runs.store.writing import RunWriter

ALL = RunFilter()
_SILENT_SECONDS = 86_400.0  # for processes of other hosts, which cannot be looked up


class RunStore:
    """One connection, for the thread that opened it. Several, in several processes, do not disturb each other.

    Every method raises HistoryError where the database does not do what it should.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._connection = connection
        self._clock = clock
        self.path = path

    @classmethod
    def open(cls, path: Path, clock: Callable[[], float] = time.time, busy_seconds: float = BUSY_SECONDS) -> Self:
        """To record: the file is made where there is none."""
        return cls(open_for_writing(path, busy_seconds), path, clock)._after_look()

    @classmethod
    def open_existing(cls, path: Path, clock: Callable[[], float] = time.time) -> Self:
        """To look: nothing is made, and a history that may only be read is read."""
        return cls(open_for_reading(path), path, clock)._after_look()

    def lines(self, wanted: RunFilter = ALL, limit: int = 100, offset: int = 0) -> tuple[RunLine, ...]:
        """The newest first; ``limit`` -1: all of them."""
        with explaining(self.path):
            return read_lines(self._connection, wanted, limit, offset)

    def count(self, wanted: RunFilter = ALL) -> int:
        with explaining(self.path):
            return count_lines(self._connection, wanted)

    def find(self, text: str) -> str:
        """The run's id for the beginning of it, or for ``latest``. Raises UsageError where it is not one run."""
        with explaining(self.path):
            return find_run(self._connection, text)

    def load(self, run_id: str) -> Run:
        """The run exactly as it was recorded. Raises UsageError where there is none."""
        return self.read(run_id).run

    def read(self, run_id: str) -> StoredRun:
        """The run with its line, its origin and its end. Raises UsageError where there is none, or a sweep."""
        with explaining(self.path):
            return read_run(self._connection, run_id)

    def kind(self, run_id: str) -> RunKind:
        """Raises UsageError where there is no such run."""
        with explaining(self.path):
            return read_kind(self._connection, run_id)

    def read_any(self, run_id: str) -> StoredRun | StoredSweep:
        """The run or sweep with this id. Raises UsageError where there is none."""
        return self.read_sweep(run_id) if self.kind(run_id) is RunKind.SWEEP else self.read(run_id)

    def read_sweep(self, run_id: str) -> StoredSweep:
        """The sweep as far as it is there. Raises UsageError where there is none."""
        with explaining(self.path):
            return read_sweep(self._connection, run_id)

    def read_newer(self, known: StoredSweep) -> StoredSweep | None:
        """``known`` with what came since it was read; None: nothing did. Reads little else: fit to be asked each
        second. Raises UsageError where the sweep was deleted."""
        with explaining(self.path):
            return read_newer(self._connection, known)

    def read_resumable(self, run_id: str) -> StoredSweep:
        """The sweep, to go on with it: it was cut off, cancelled or failed. Raises UsageError where it was not.

        That it still was not taken up by another process is looked at once more when ``SweepRecorder`` takes it up.
        """
        stored = self.read_sweep(run_id)
        check_resumable(run_id, stored.line.state)
        return stored

    def delete(self, run_ids: Sequence[str]) -> int:
        """How many there were to delete. All of them go, or none: UsageError where one of them still goes on.

        What they held is overwritten, and its room given back to the disk.
        """
        names = [(plain(run_id),) for run_id in run_ids]
        with explaining(self.path), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            for name in names:
                self._refuse_running(name)
            gone = sum(self._connection.execute("DELETE FROM runs WHERE run_id = ?", name).rowcount for name in names)
        with explaining(self.path):
            self._connection.executescript("PRAGMA incremental_vacuum")  # execute would stop at the first page
        return gone

    def writer(self) -> RunWriter:
        """What writes one run, step by step."""
        return RunWriter(self._connection, self.path, self._clock)

    def sweep_writer(self) -> SweepWriter:
        """What writes one sweep, step by step."""
        return SweepWriter(self._connection, self.path, self._clock)

    def close(self) -> None:
        with explaining(self.path):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _after_look(self) -> Self:
        try:
            self._mark_cut_off()
        except BaseException:
            self._connection.close()
            raise
        return self

    def _mark_cut_off(self) -> None:
        """Runs that go on by their row, but whose process is gone."""
        with explaining(self.path):
            rows = self._connection.execute(
                "SELECT run_id, process, updated FROM runs WHERE state = 'running'"
            ).fetchall()
            ended = [(RunState.CUT_OFF, run_id) for run_id, mark, updated in rows if self._is_over(mark, updated)]
            if ended and not self._is_read_only():
                statement = "UPDATE runs SET state = ?, ended = updated WHERE run_id = ? AND state = 'running'"
                self._connection.executemany(statement, ended)

    def _refuse_running(self, name: tuple[str]) -> None:
        if self._connection.execute("SELECT 1 FROM runs WHERE run_id = ? AND state = 'running'", name).fetchone():
            raise UsageError(f"the run {name[0]} still goes on", "Stop it first, or wait for its end.")

    def _is_over(self, mark: str, updated_seconds: float) -> bool:
        gone = is_gone(read_text(mark, ProcessMark))
        return self._clock() - updated_seconds > _SILENT_SECONDS if gone is None else gone

    def _is_read_only(self) -> bool:
        return bool(self._connection.execute("PRAGMA query_only").fetchone()[0])
