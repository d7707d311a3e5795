"""What an engine process tells of its devices, while it works and once it is gone."""

from __future__ import annotations

import os
import signal

import psutil
from engine_helpers import exhaust, generate_request, load_request, result_of

from quanttui.records import EngineMemory, FinishReason


def answered(engine):
    """An engine process whose first answer has come: asked again until then, while the child works on."""
    while not engine.memory().devices:
        continue
    return engine


def test_it_is_answered_in_the_middle_of_an_operation(open_double):
    engine = open_double("WithDevice")
    assert engine.memory() == EngineMemory()
    model = result_of(engine.load(load_request()))
    work = model.generate(generate_request(50))
    next(work)
    assert answered(engine).memory().devices[0].reserved_bytes == 4
    assert exhaust(work)[1].finish_reason is FinishReason.LENGTH


def test_a_process_that_is_gone_has_none(open_double):
    engine = open_double("WithDevice")
    result_of(engine.load(load_request()))
    process = psutil.Process(answered(engine).process_id)
    os.kill(process.pid, signal.SIGKILL)
    while engine.process_id is not None:
        continue
    assert not process.is_running()
    assert engine.memory() == EngineMemory()
