"""Whether the process that wrote a run is still there."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from history_helpers import ORIGIN, events_of, request

from quanttui.records.events import RunStarted
from quanttui.records.history import RunState
from quanttui.runs.processes import ProcessMark, is_gone, own_mark
from quanttui.runs.recorder import RunRecorder
from quanttui.runs.store import RunStore
from quanttui.typed_json import to_text


def test_a_process_that_runs_is_there() -> None:
    assert is_gone(own_mark()) is False


@pytest.mark.parametrize("change", [{"start": "1"}, {"process_id": 2**30}, {"boot": "another"}])
def test_a_process_of_another_time_is_gone(change: dict[str, object]) -> None:
    assert is_gone(replace(own_mark(), **change)) is True


def test_a_process_that_waits_to_be_reaped_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", "print()"], stdout=subprocess.PIPE) as child:
        start = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
        mark = replace(own_mark(), process_id=child.pid, start=start)
        assert child.stdout
        child.stdout.read()
        while not is_gone(mark):  # between its last word and its end
            pass


def test_of_another_host_nobody_knows() -> None:
    assert is_gone(replace(own_mark(), host="elsewhere")) is None


@pytest.mark.parametrize(
    ("mark", "hours", "state"),
    [
        (own_mark(), 48, RunState.RUNNING),
        (replace(own_mark(), boot="another"), 0, RunState.CUT_OFF),
        (replace(own_mark(), host="elsewhere"), 1, RunState.RUNNING),
        (replace(own_mark(), host="elsewhere"), 48, RunState.CUT_OFF),
    ],
)
def test_a_run_whose_process_is_gone_is_cut_off(tmp_path: Path, mark: ProcessMark, hours: int, state: RunState) -> None:
    path = tmp_path / "history.db"
    started = next(events_of(request("one")))
    assert isinstance(started, RunStarted)
    store = RunStore.open(path, lambda: 1000.0)
    RunRecorder(store, started, ORIGIN)
    store._connection.execute("UPDATE runs SET process = ?", (to_text(mark),))
    with RunStore.open_existing(path, lambda: 1000.0 + hours * 3600) as reader:
        (line,) = reader.lines()
    store.close()
    assert line.state is state
    assert line.ended_seconds == (1000.0 if state is RunState.CUT_OFF else None)
