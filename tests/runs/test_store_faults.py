"""A history that is damaged, foreign, newer, locked, full or not to be written: words, no crash, nothing harmed."""

from __future__ import annotations

import os
import random
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from history_helpers import ORIGIN, events_of, record, request
from sweep_helpers import record_sweep, sweep_events, sweep_request

from quanttui.errors import HistoryError, UsageError
from quanttui.pipeline.recorded import recorded
from quanttui.records.events import RunFinished, RunStarted
from quanttui.runs.recorder import RunRecorder
from quanttui.runs.store import RunStore
from quanttui.runs.store.schema import MIGRATIONS, SCHEMA_VERSION, migrate

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.db"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "history.db"
    for name in ("one", "two"):
        record(path, request(name, max_new_tokens=4))
    record_sweep(path, sweep_events(sweep_request("swept"), failing="nf4"))
    return path.read_bytes()


@pytest.fixture
def read_only(path: Path, whole: bytes) -> Iterator[None]:
    """A history and its folder that may not be written; root, whom permissions do not bind, is somebody else."""
    path.parent.mkdir()
    path.write_bytes(whole)
    path.chmod(0o444)
    path.parent.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        for folder in (folder for folder in path.parents if folder.name.startswith(("test_", "pytest-", "popen-"))):
            folder.chmod(0o711)
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        path.parent.chmod(0o755)


def read_all(path: Path) -> None:
    with RunStore.open_existing(path) as store:
        for line in store.lines(limit=-1):
            store.read_any(line.run_id)


@pytest.mark.parametrize("size", [99, 100, 4096, 20_000, -4096])
def test_a_file_that_was_cut_short_is_said_to_be_damaged(path: Path, whole: bytes, size: int) -> None:
    path.parent.mkdir()
    path.write_bytes(whole[:size])
    with pytest.raises(HistoryError) as caught:
        read_all(path)
    assert "damaged" in caught.value.message
    assert caught.value.hint


def test_a_row_that_is_no_text_is_damage_and_not_quoted(path: Path, whole: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(whole)
    with closing(sqlite3.connect(path)) as damaging:
        damaging.execute("UPDATE runs SET line = CAST(x'7b22ff22' AS TEXT)")
        damaging.commit()
    with pytest.raises(HistoryError) as caught:
        read_all(path)
    assert caught.value.message == f"the history is damaged: {path}"


def test_an_empty_file_is_a_history_of_nothing(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    record(path, request("one"))
    with RunStore.open_existing(path) as store:
        assert store.count() == 1


def test_whatever_byte_is_wrong_it_is_words_or_right(path: Path, whole: bytes) -> None:
    chance = random.Random(7)
    path.parent.mkdir()
    told = 0
    for _ in range(60):
        content = bytearray(whole)
        for _ in range(20):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        try:
            read_all(path)
        except (HistoryError, UsageError):
            told += 1
        for beside in path.parent.glob("*-*"):
            beside.unlink()
    assert told


def test_a_database_of_something_else_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmarks (url)")
        other.commit()
    before = path.read_bytes()
    with pytest.raises(HistoryError, match="no history of quanttui"):
        RunStore.open(path)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_newer_database_is_left_alone(path: Path, whole: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(whole)
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    for opened in (RunStore.open, RunStore.open_existing):
        with pytest.raises(HistoryError, match="newer quanttui") as caught:
            opened(path)
        assert "Update quanttui" in caught.value.hint
    assert path.read_bytes() == before


def test_a_migration_that_fails_leaves_the_version_before_it(path: Path, whole: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(whole)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        steps = (*MIGRATIONS, "ALTER TABLE runs ADD COLUMN note TEXT; ALTER TABLE nowhere ADD COLUMN x")
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, steps)
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    read_all(path)


def test_a_migration_goes_forward_once(path: Path, whole: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(whole)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        steps = (*MIGRATIONS, "ALTER TABLE runs ADD COLUMN note TEXT")
        for _ in range(2):
            migrate(connection, steps)
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION + 1,)
        assert connection.execute("SELECT count(*), count(note) FROM runs").fetchone() == (3, 0)


def test_where_nothing_can_be_made_it_says_so() -> None:
    with pytest.raises(HistoryError) as caught:
        RunStore.open(Path("/proc/nothing/here/history.db"))
    assert "cannot be opened" in caught.value.message
    assert "QUANTTUI_HOME" in caught.value.hint


@pytest.mark.usefixtures("read_only")
def test_a_history_that_may_only_be_read_is_read_and_not_written(path: Path) -> None:
    with RunStore.open_existing(path) as store:
        assert store.count() == 3
        store.load("one")
        with pytest.raises(HistoryError, match="only be read"):
            store.delete(["one"])
    with pytest.raises(HistoryError) as caught:
        RunStore.open(path)
    assert "QUANTTUI_HOME" in caught.value.hint
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_locked_history_is_said_to_be_locked_and_can_be_read_meanwhile(path: Path) -> None:
    record(path, request("one"))
    started = next(events_of(request("two")))
    assert isinstance(started, RunStarted)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HistoryError, match="locked"):
            RunRecorder(RunStore.open(path, busy_seconds=0.01), started, ORIGIN)
        with RunStore.open_existing(path) as store:
            assert store.count() == 1


@pytest.mark.parametrize("pages", [20, 24, 30])
def test_a_full_disk_is_said_once_the_run_goes_on_and_the_rest_is_whole(path: Path, pages: int) -> None:
    def start(started: RunStarted) -> RunRecorder:
        store = RunStore.open(path)
        store._connection.execute(f"PRAGMA max_page_count = {pages}")
        return RunRecorder(store, started, ORIGIN)

    said: list[HistoryError] = []
    *_, last = recorded(events_of(request("two", "int8", "nf4", prompts=("x" * 9000,) * 3)), start, said.append)
    assert isinstance(last, RunFinished)
    assert len(said) == 1
    assert "no room" in said[0].message
    read_all(path)


def test_a_file_that_may_not_grow_is_said_once_and_the_rest_is_whole(path: Path) -> None:
    record(path, request("one"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    said: list[HistoryError] = []

    def start(started: RunStarted) -> RunRecorder:
        recorder = RunRecorder(RunStore.open(path), started, ORIGIN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, before[1]))
        return recorder

    try:
        *_, last = recorded(events_of(request("two", prompts=("x" * 50_000,) * 3)), start, said.append)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(last, RunFinished)
    assert len(said) == 1
    assert said[0].hint
    with RunStore.open_existing(path) as store:
        assert isinstance(store.load("one").request.prompts, tuple)
    read_all(path)
