"""Worker threads: one job at a time, every message from the run it belongs to, nothing after the end."""

from __future__ import annotations

import threading

from scripted_app import DEMO, HOST_ONLY

from quanttui.engine.scripted import Gate, ScriptedEngine
from quanttui.errors import EngineDiedError
from quanttui.records import EngineDescription, GenerationSettings, Precision, RunRequest, Variant
from quanttui.records.events import RunEvent, RunFailed, RunFinished, RunStarted, TokenGenerated
from quanttui.tui.messages import EngineFailed, EngineWarmed, MemoryRead, RunAdvanced
from quanttui.tui.workers.memory_poller import MemoryPoller
from quanttui.tui.workers.run_controller import RunController


def request(run_id: str) -> RunRequest:
    return RunRequest(run_id, DEMO, None, (Variant(Precision.NF4),), ("Once",), GenerationSettings())


def test_two_runs_never_overlap():
    gate, told = Gate("generate", "bf16", 2), []
    controller = RunController(ScriptedEngine(hold=gate), told.append)
    threads = [threading.Thread(target=controller.run, args=(request(name),)) for name in ("one", "two")]
    threads[0].start()
    assert gate.reached.wait(10)
    threads[1].start()
    gate.release()
    for thread in threads:
        thread.join(20)
    ids = [message.run_id for message in told]
    assert ids == sorted(ids)
    assert sum(isinstance(event, RunFinished) for message in told for event in message.take()) == 2


def test_a_stopped_run_ends_and_the_next_one_is_not_stopped():
    told: list[RunAdvanced] = []
    controller = RunController(ScriptedEngine(), told.append)
    controller.mark_stopped("one")
    controller.run(request("one"))
    controller.run(request("two"))
    last_of = {message.run_id: message.take()[-1] for message in told}
    assert isinstance(last_of["one"], RunFailed)
    assert last_of["one"].was_cancelled
    assert isinstance(last_of["two"], RunFinished)


def test_a_warm_up_tells_the_engine_or_why_there_is_none():
    class DeadEngine(ScriptedEngine):
        def describe(self) -> EngineDescription:
            raise EngineDiedError("it would not start", "Run quanttui doctor.")

    told = []
    RunController(ScriptedEngine(), told.append).warm_up()
    RunController(DeadEngine(), told.append).warm_up()
    assert isinstance(told[0], EngineWarmed)
    assert isinstance(told[1], EngineFailed)
    assert told[1].problem.hint == "Run quanttui doctor."


def test_a_closed_controller_starts_nothing():
    told: list[RunAdvanced] = []
    controller = RunController(ScriptedEngine(), told.append)
    controller.close()
    controller.warm_up()
    controller.run(request("one"))
    assert not [message for message in told if isinstance(message, EngineWarmed)]
    events = [event for message in told for event in message.take()]
    assert isinstance(events[-1], RunFailed)
    assert not [event for event in events if isinstance(event, RunFinished)]
    assert len([event for event in events if isinstance(event, RunStarted)]) <= 1


def test_tokens_that_the_screen_has_not_taken_yet_go_to_it_in_one_message():
    told: list[RunAdvanced] = []
    controller = RunController(ScriptedEngine(), told.append)
    controller.run(request("one"))
    batches = [message.take() for message in told]
    tokens = [events for events in batches if isinstance(events[0], TokenGenerated)]
    assert len(tokens) == 2  # one of each model
    assert all(isinstance(event, TokenGenerated) for events in tokens for event in events)
    assert all(len(events) > 10 for events in tokens)
    assert all(len(events) == 1 for events in batches if events not in tokens)


def test_a_token_after_the_screen_has_taken_those_before_is_a_message_of_its_own():
    told: list[RunAdvanced] = []
    taken: list[tuple[RunEvent, ...]] = []

    def post(message: RunAdvanced) -> None:
        told.append(message)
        taken.append(message.take())

    RunController(ScriptedEngine(), post).run(request("one"))
    assert [len(events) for events in taken] == [1] * len(told)
    ids = [event.token.token_id for (event,) in taken if isinstance(event, TokenGenerated)]
    assert len(ids) > 20


def test_memory_is_read_again_and_again_until_it_is_stopped():
    enough, told = threading.Event(), []

    def post(message: MemoryRead) -> None:
        told.append(message)
        if len(told) == 3:
            enough.set()

    poller = MemoryPoller(lambda: HOST_ONLY, post, interval_seconds=0.001)
    poller.start()
    assert enough.wait(10)
    poller.stop()
    assert told[0].reading == HOST_ONLY
