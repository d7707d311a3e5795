"""Opens the history's file, safely for others and for itself, and turns SQLite's complaints into words. No table's
content is known here."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from quanttui.errors import HistoryError
from quanttui.runs.store.schema import SCHEMA_VERSION, is_foreign, migrate, version_of

BUSY_SECONDS = 5.0
_RETRY_SECONDS = 0.02
_AWAY = "Move it away, and the next run starts a new one; {inside}"
_INSIDE = "`sqlite3 FILE .recover` may save what is in it."

# By the beginning of SQLite's name of an error: https://www.sqlite.org/rescode.html
_WORDS = {
    "SQLITE_FULL": ("the disk has no room left for the history", "Make room."),
    "SQLITE_READONLY": ("the history may only be read", "Make it writable, or set QUANTTUI_HOME to a folder that is."),
    "SQLITE_PERM": ("the history may not be opened", "Make it readable and writable, or set QUANTTUI_HOME elsewhere."),
    "SQLITE_CANTOPEN": (
        "the history cannot be opened",
        "Make it readable and writable, or set QUANTTUI_HOME elsewhere.",
    ),
    "SQLITE_BUSY": ("another process holds the history locked", "End that process, or wait for it."),
    "SQLITE_LOCKED": ("another process holds the history locked", "End that process, or wait for it."),
    "SQLITE_CONSTRAINT": ("the run was deleted from the history, or another has its id", "Run it again."),
    "SQLITE_CORRUPT": ("the history is damaged", _AWAY.format(inside=_INSIDE)),
    "SQLITE_NOTADB": ("the history is damaged, or no database at all", _AWAY.format(inside=_INSIDE)),
    "SQLITE_IOERR": ("the disk does not take the history, or does not give it", "Look at the disk and its room."),
}
_OTHER = "a folder that can be written"
_DEFECT = "Move it away, and the next run starts a new one; please report this."


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """What SQLite and the file system raise within becomes a HistoryError that names ``path``."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explained(path, error) from error
    except UnicodeDecodeError as error:  # SQLite's own words, which name what it found in the file
        raise HistoryError(f"{_WORDS['SQLITE_CORRUPT'][0]}: {path}", _WORDS["SQLITE_CORRUPT"][1]) from error
    except OSError as error:
        words = f"the history cannot be opened, {(error.strerror or str(error)).lower()}: {path}"
        hint = "Move it away" if isinstance(error, IsADirectoryError) else "Make its folder writable"
        raise HistoryError(words, f"{hint}, or set QUANTTUI_HOME to {_OTHER}.") from error


def open_for_writing(path: Path, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """A connection to the database at ``path``, made and brought forward where it has to be. Raises HistoryError."""
    with explaining(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None)
        with _closed_on_failure(connection):
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")
            _check_kind(connection, path)
            if version_of(connection) == 0:
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # heeded only while there is no table
            _write_ahead(connection, time.monotonic() + busy_seconds)
            migrate(connection)
        return connection


def open_for_reading(path: Path, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """As above, but nothing is made: where there is no file, a history of nothing; one that may not be written is
    read as it is."""
    if not os.path.lexists(path):
        return _nothing()
    try:
        return open_for_writing(path, busy_seconds)
    except HistoryError as error:
        if not _is_forbidden(error.__cause__):
            raise
    with explaining(path):
        connection = sqlite3.connect(_read_only_address(path), uri=True, isolation_level=None)
        with _closed_on_failure(connection):
            connection.execute("PRAGMA query_only = ON")
            _check_kind(connection, path)
            if version_of(connection) < SCHEMA_VERSION:
                raise HistoryError(
                    f"the history {path} was written by an older quanttui and cannot be brought forward: "
                    "it may only be read",
                    "Copy it to a folder that is writable and set QUANTTUI_HOME to that.",
                )
        return connection


def _is_forbidden(cause: BaseException | None) -> bool:
    """It may not be written, for reasons that leave it readable."""
    if isinstance(cause, OSError):
        return cause.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
    name = getattr(cause, "sqlite_errorname", None) or ""
    return name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM"))


def _read_only_address(path: Path) -> str:
    """Where no log is left, nobody writes: it can be read without the index that a log needs in its folder."""
    has_log = path.with_name(path.name + "-wal").exists()
    return f"file:{quote(os.fsencode(path.absolute()))}?{'mode=ro' if has_log else 'immutable=1'}"


def _nothing() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    return connection


@contextmanager
def _closed_on_failure(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _check_kind(connection: sqlite3.Connection, path: Path) -> None:
    if is_foreign(connection):
        raise HistoryError(
            f"{path} is a database, but no history of quanttui", _AWAY.format(inside="nothing was changed.")
        )
    if (found := version_of(connection)) > SCHEMA_VERSION:
        raise HistoryError(
            f"the history {path} was written by a newer quanttui (version {found} of its tables, this one knows "
            f"{SCHEMA_VERSION})",
            "Update quanttui, or set QUANTTUI_HOME to another folder.",
        )


def _write_ahead(connection: sqlite3.Connection, deadline: float) -> None:
    """Readers and the writer do not wait for each other. Some file systems cannot: then they do.

    The switch does not wait for another process that is switching (https://www.sqlite.org/c3ref/busy_handler.html).
    """
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)


def _explained(path: Path, error: sqlite3.Error) -> HistoryError:
    name = getattr(error, "sqlite_errorname", None) or ""
    if not name and str(error).startswith("Could not decode"):  # Python's own words, which quote what was kept
        name = "SQLITE_CORRUPT"
    why, hint = next(
        (words for start, words in _WORDS.items() if name.startswith(start)),
        (f"the history cannot be used, {error}", _DEFECT),
    )
    return HistoryError(f"{why}: {path}", hint)
