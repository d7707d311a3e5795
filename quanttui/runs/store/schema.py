"""The tables of the history, version by version. A version that was released is never edited: a later one alters it.

Texts that came from outside stand in JSON (``quanttui.typed_json``), for SQLite's own texts cannot hold all of them;
``…_key`` columns are case-folded copies to search in. ``place`` is 0 for the reference, n for the nth candidate.
Times are seconds since the epoch. ``changes`` counts the transactions that wrote a run, and ``change`` is the one that
wrote a row: what is new since a moment is what has a higher one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

APPLICATION_ID = 0x51545549  # "QTUI"

_VERSION_1 = """
CREATE TABLE runs (
    run_id      TEXT PRIMARY KEY,
    state       TEXT NOT NULL,
    started     REAL NOT NULL,
    updated     REAL NOT NULL,
    ended       REAL,
    exit_code   INTEGER,
    process     TEXT NOT NULL,
    model_key   TEXT NOT NULL,
    variant_key TEXT NOT NULL,
    line        TEXT NOT NULL
);
CREATE INDEX runs_by_start ON runs (started, run_id);
CREATE INDEX runs_that_go_on ON runs (state) WHERE state = 'running';

CREATE TABLE requests (
    run_id      TEXT PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
    request     TEXT NOT NULL,
    environment TEXT NOT NULL,
    reference   TEXT NOT NULL,
    origin      TEXT NOT NULL,
    failure     TEXT
);
CREATE TABLE prompts (
    run_id     TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    prompt     INTEGER NOT NULL,
    prompt_key TEXT NOT NULL,
    UNIQUE (run_id, prompt)
);
CREATE TABLE loads (
    run_id   TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    position INTEGER NOT NULL,
    variant  TEXT NOT NULL,
    report   TEXT NOT NULL,
    unload   TEXT,
    UNIQUE (run_id, position)
);
CREATE TABLE outputs (
    run_id   TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    prompt   INTEGER NOT NULL,
    place    INTEGER NOT NULL,
    variant  TEXT NOT NULL,
    is_whole INTEGER NOT NULL,
    result   BLOB NOT NULL,
    UNIQUE (run_id, prompt, place)
);
CREATE TABLE scores (
    run_id     TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    prompt     INTEGER NOT NULL,
    place      INTEGER NOT NULL,
    variant    TEXT NOT NULL,
    divergence TEXT,
    score      BLOB NOT NULL,
    UNIQUE (run_id, prompt, place)
);
CREATE TABLE summaries (
    run_id            TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    position          INTEGER NOT NULL,
    variant           TEXT NOT NULL,
    tokens            INTEGER NOT NULL,
    kl_mean           REAL,
    kl_standard_error REAL,
    same_top          REAL,
    summary           TEXT NOT NULL,
    UNIQUE (run_id, position)
);
"""

_VERSION_2 = """
ALTER TABLE runs ADD COLUMN kind TEXT NOT NULL DEFAULT 'compare';
ALTER TABLE runs ADD COLUMN changes INTEGER NOT NULL DEFAULT 0;

CREATE TABLE sweeps (
    run_id     TEXT PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
    times      INTEGER NOT NULL,
    kept_units INTEGER,
    notes      TEXT NOT NULL
);
CREATE TABLE sweep_units (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    unit   INTEGER NOT NULL,
    change INTEGER NOT NULL,
    read   BLOB NOT NULL,
    UNIQUE (run_id, unit)
);
CREATE TABLE sweep_cells (
    run_id  TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    place   INTEGER NOT NULL,
    unit    INTEGER NOT NULL,
    change  INTEGER NOT NULL,
    variant TEXT NOT NULL,
    tokens  INTEGER NOT NULL,
    scoring TEXT NOT NULL,
    columns BLOB NOT NULL,
    UNIQUE (run_id, place, unit)
);
CREATE TABLE sweep_speeds (
    run_id  TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    place   INTEGER NOT NULL,
    variant TEXT NOT NULL,
    speed   TEXT NOT NULL,
    UNIQUE (run_id, place)
);
CREATE TABLE sweep_failures (
    run_id  TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    place   INTEGER NOT NULL,
    variant TEXT NOT NULL,
    failure TEXT NOT NULL,
    UNIQUE (run_id, place)
);
"""
"""``times``: how often it was begun or taken up again. ``columns``: ``quanttui.runs.store.packing`` says how."""

MIGRATIONS = (_VERSION_1, _VERSION_2)
"""The nth entry brings version n to n + 1; version 0 is an empty file."""

SCHEMA_VERSION = len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def is_foreign(connection: sqlite3.Connection) -> bool:
    """The file is a database of something else."""
    (found,) = connection.execute("PRAGMA application_id").fetchone()
    if found:
        return bool(found != APPLICATION_ID)
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None


def migrate(connection: sqlite3.Connection, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Bring the database forward, all steps in one transaction. Another process may be about to do the same."""
    if version_of(connection) >= len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in range(version_of(connection), len(migrations)):
            for statement in migrations[number].split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled it back already
            connection.execute("ROLLBACK")
        raise
