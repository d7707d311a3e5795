"""A sweep that was stopped or killed anywhere and taken up again gives the table of one that was not."""

from __future__ import annotations

import random
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sweep_doubles import INT8, NF4, REQUEST, UNITS, faulty, small_real_request

from quanttui.cache.sides import SideCache
from quanttui.engine.process import EngineProcess
from quanttui.engine.scripted import Fault, ScriptedEngine
from quanttui.errors import OutOfMemoryError
from quanttui.pipeline.recorded_sweep import recorded_sweep, recording_sweep
from quanttui.pipeline.sweep import run_sweep, tally
from quanttui.records import Sweep, SweepResult
from quanttui.records.events import LoadStarted
from quanttui.records.sweep_events import CellScored, SweepFailed, SweepFinished, SweepTallied, UnitRead, VariantFailed
from quanttui.runs.store import RunStore


def unexpected(error: Exception) -> None:
    raise error


def stored(path: Path, run_id: str = REQUEST.run_id) -> Sweep | None:
    if not path.exists():
        return None
    with RunStore.open(path) as store:
        return store.read_resumable(run_id).sweep if store.count() else None


def part_of_sweep(folder: Path, stop_after: int, engine: ScriptedEngine | None = None) -> list:
    """The first events of a sweep, or of what is left of it; nothing tells it that it ends."""
    events = run_sweep(
        engine or ScriptedEngine(), REQUEST, SideCache(folder / "sides"), resumed=stored(folder / "history.db")
    )
    seen = []
    with closing(recorded_sweep(events, recording_sweep(folder / "history.db", "command"), unexpected)) as recorded:
        for event in recorded:
            seen.append(event)
            if len(seen) == stop_after:
                break
    return seen


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> SweepFinished:
    return part_of_sweep(tmp_path_factory.mktemp("whole"), -1)[-1]


def table(result: SweepResult) -> SweepResult:
    """Without what is measured anew by every process."""
    rows = (replace(row, peak_bytes=None, parameter_bytes=None, needed_bytes=None) for row in result.variants)
    return replace(result, variants=tuple(rows))


def test_a_sweep_that_stops_again_and_again_gives_the_whole_table(tmp_path, whole):
    chance, scored, read, stops = random.Random(7), [], [], 0
    while True:
        seen = part_of_sweep(tmp_path, chance.randrange(1, 60))
        scored += [(event.cell.variant, event.cell.unit) for event in seen if isinstance(event, CellScored)]
        read += [event.unit.index for event in seen if isinstance(event, UnitRead)]
        if isinstance(seen[-1], SweepFinished):
            break
        stops += 1
    assert stops > 5
    assert len(set(scored)) == len(scored) == 3 * UNITS
    assert read == list(range(UNITS))
    assert seen[-1].snapshot.result == whole.snapshot.result
    assert [unit.name for unit in seen[-1].sweep.units] == [unit.name for unit in whole.sweep.units]
    assert seen[-1].snapshot.progress.cells_done == 4 * UNITS


def test_what_was_whole_is_only_tallied(tmp_path, whole):
    events = list(run_sweep(ScriptedEngine(), REQUEST, SideCache(tmp_path), resumed=whole.sweep))
    assert not [event for event in events if isinstance(event, LoadStarted | CellScored | UnitRead)]
    assert events[-1].snapshot.result == whole.snapshot.result


def test_only_candidates_that_miss_something_are_loaded(tmp_path, whole):
    left = tuple(cell for cell in whole.sweep.cells if (cell.variant, cell.unit) != (NF4, UNITS - 1))
    part_of_sweep(tmp_path, -1)  # the sides
    events = list(
        run_sweep(ScriptedEngine(), REQUEST, SideCache(tmp_path / "sides"), resumed=replace(whole.sweep, cells=left))
    )
    assert [event.variant for event in events if isinstance(event, LoadStarted)] == [NF4]
    assert len([event for event in events if isinstance(event, CellScored)]) == 1
    assert events[-1].snapshot.result == whole.snapshot.result


def test_sides_that_were_cleared_meanwhile_are_read_again_where_they_are_needed(tmp_path, whole):
    part = replace(whole.sweep, cells=tuple(cell for cell in whole.sweep.cells if cell.variant == INT8))
    cache = SideCache(tmp_path / "sides")
    events = list(run_sweep(ScriptedEngine(), REQUEST, cache, resumed=part))
    assert not [event for event in events if isinstance(event, UnitRead)]  # they are known, and told already
    assert events[-1].snapshot.result == whole.snapshot.result
    assert cache.entries()[0].texts == UNITS


def test_units_that_were_read_and_then_left_out_are_not_read_again(tmp_path, whole):
    kept = UNITS // 2
    cells = tuple(cell for cell in whole.sweep.cells if cell.unit < kept)
    had = replace(whole.sweep, cells=cells, kept_units=kept)
    events = list(run_sweep(ScriptedEngine(), REQUEST, SideCache(tmp_path), resumed=had))
    assert isinstance(events[-1], SweepFinished), events[-1]
    assert not [event for event in events if isinstance(event, LoadStarted | CellScored | UnitRead)]
    assert events[-1].snapshot.progress.cells_done == 4 * kept


def test_a_variant_that_failed_before_is_not_tried_again(tmp_path):
    engine = faulty(Fault("score", "nf4", 1, OutOfMemoryError("no room")))
    first = part_of_sweep(tmp_path, -1, engine)[-1]
    events = list(run_sweep(ScriptedEngine(), REQUEST, SideCache(tmp_path / "sides"), resumed=first.sweep))
    assert not [event for event in events if isinstance(event, LoadStarted | VariantFailed)]
    assert events[-1].snapshot.result == first.snapshot.result


def test_a_stopped_sweep_says_what_it_has_and_goes_on_from_there(tmp_path, whole):
    seen = []
    stop = lambda: sum(isinstance(event, CellScored) for event in seen) > UNITS  # noqa: E731  (read once)
    for event in run_sweep(ScriptedEngine(), REQUEST, SideCache(tmp_path), stop):
        seen.append(event)
    end = seen[-1]
    assert isinstance(end, SweepFailed)
    assert len(end.sweep.cells) == UNITS + 1
    assert isinstance(seen[-2], SweepTallied)
    events = list(run_sweep(ScriptedEngine(), REQUEST, SideCache(tmp_path), resumed=end.sweep))
    assert events[-1].snapshot.result == whole.snapshot.result
    assert events[-1].sweep.failure is None


def test_what_this_version_would_read_otherwise_is_not_taken_up(tmp_path, whole):
    other = replace(whole.sweep, units=(replace(whole.sweep.units[0], name="tale, page 1"), *whole.sweep.units[1:]))
    end = list(run_sweep(ScriptedEngine(), REQUEST, SideCache(tmp_path), resumed=other))[-1]
    assert isinstance(end, SweepFailed)
    assert "not those that this version would read" in end.message


def test_the_time_of_earlier_processes_counts(tmp_path, whole):
    events = run_sweep(ScriptedEngine(), REQUEST, SideCache(tmp_path), resumed=whole.sweep, clock=lambda: 0.0)
    cells = sum(cell.seconds for cell in whole.sweep.cells)
    loads = sum(load.report.load_seconds for load in whole.sweep.loads)
    assert list(events)[-1].snapshot.progress.elapsed_seconds == pytest.approx(cells + loads)


def test_other_versions_than_before_are_told(tmp_path, whole):
    before = replace(whole.sweep.environment, versions={"torch": "1.0"})
    end = list(
        run_sweep(ScriptedEngine(), REQUEST, SideCache(tmp_path), resumed=replace(whole.sweep, environment=before))
    )[-1]
    assert any("other versions of the libraries" in note for note in end.snapshot.notes)


def run_and_kill(folder: Path, engine: str, after: int) -> list[str]:
    """What a child process told of its sweep until it was killed, or had ended."""
    command = [sys.executable, str(Path(__file__).with_name("sweep_child.py")), str(folder), engine]
    told = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            told.append(line.strip())
            if len(told) == after:
                child.kill()
    return told


def killed_until_whole(folder: Path, engine: str, chance: random.Random, most: int) -> tuple[Sweep, int]:
    """The sweep as the history has it once it is whole, and how many processes were killed at it."""
    kills = 0
    while "SweepFinished" not in run_and_kill(folder, engine, chance.randrange(2, most)):
        kills += 1
    with RunStore.open(folder / "history.db") as store:
        return store.read_sweep(REQUEST.run_id).sweep, kills


def test_a_sweep_whose_process_is_killed_gives_the_whole_table(tmp_path, whole):
    sweep, kills = killed_until_whole(tmp_path, "scripted", random.Random(3), 90)
    assert kills
    assert tally(sweep).result == whole.snapshot.result
    assert len(sweep.cells) == 3 * UNITS


@pytest.mark.slow
def test_a_sweep_whose_process_is_killed_thirty_times_gives_the_whole_table(tmp_path, whole):
    kills, chance, number = 0, random.Random(30), 0
    while kills < 30:
        (folder := tmp_path / str(number)).mkdir()
        sweep, more = killed_until_whole(folder, "scripted", chance, 60)
        assert tally(sweep).result == whole.snapshot.result
        kills, number = kills + more, number + 1


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_sweep_of_a_real_model_is_killed_and_gives_the_whole_table(tmp_path):
    (folder := tmp_path / "killed").mkdir()
    killed = [run_and_kill(folder, "torch", after) for after in (9, 25)]
    assert not any("SweepFinished" in told for told in killed)
    assert run_and_kill(folder, "torch", -1)[-1] == "SweepFinished"
    with RunStore.open(folder / "history.db") as store:
        sweep = store.read_sweep(REQUEST.run_id).sweep
    with closing(EngineProcess(log_path=tmp_path / "engine.log")) as engine:
        whole = list(run_sweep(engine, small_real_request(), SideCache(tmp_path / "sides")))[-1]
    assert table(tally(sweep).result) == table(whole.snapshot.result)
