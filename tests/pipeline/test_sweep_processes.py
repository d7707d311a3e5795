"""A sweep whose engine dies under it, and one beside another: what each has is its own."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import closing
from dataclasses import replace

import pytest
from sweep_doubles import BF16, FP4, INT8, NF4, REQUEST

from quanttui.cache.sides import SideCache
from quanttui.engine.process import EngineProcess
from quanttui.engine.scripted import ScriptedEngine
from quanttui.pipeline.sweep import run_sweep
from quanttui.records.events import LoadStarted
from quanttui.records.sweep_events import CellScored, VariantFailed


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    *_, end = run_sweep(ScriptedEngine(), REQUEST, SideCache(tmp_path_factory.mktemp("clean")))
    return end.snapshot.result


def test_an_engine_process_that_is_killed_in_the_middle_costs_one_variant(clean, tmp_path):
    with closing(EngineProcess("quanttui.engine.scripted:ScriptedEngine", tmp_path / "engine.log")) as engine:
        seen = []
        for event in run_sweep(engine, REQUEST, SideCache(tmp_path / "sides")):
            seen.append(event)
            if isinstance(event, CellScored) and (event.cell.variant, event.cell.unit) == (NF4, 3):
                os.kill(engine.process_id, signal.SIGKILL)
    (failed,) = [event for event in seen if isinstance(event, VariantFailed)]
    assert failed.failure.variant == NF4
    assert "the engine process" in failed.failure.message
    rows = {row.variant: row for row in seen[-1].snapshot.result.variants}
    assert {event.variant for event in seen if isinstance(event, LoadStarted)} == {BF16, INT8, NF4, FP4}
    assert [(rows[one].text, rows[one].suite) for one in (INT8, FP4)] == [
        (row.text, row.suite) for row in clean.variants if row.variant in (INT8, FP4)
    ]


def test_two_sweeps_at_once_share_a_cache_and_disturb_neither(tmp_path, clean):
    cache, ends = SideCache(tmp_path, limit_bytes=0), {}

    def run(name):
        request = replace(REQUEST, run_id=name)
        *_, ends[name] = run_sweep(ScriptedEngine(), request, SideCache(tmp_path, limit_bytes=0))

    threads = [threading.Thread(target=run, args=(name,)) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [end.snapshot.result for end in ends.values()] == [clean, clean]
    assert cache.entries() == ()  # the last to leave keeps the limit
