"""The client of an engine process: what it makes of a child that dies, hangs, babbles or is not wanted any more."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from engine_helpers import HERE, exhaust, generate_request, load_request, result_of

from quanttui.engine.codec import Message, encode_message
from quanttui.engine.process import EngineProcess
from quanttui.errors import CancelledError, EngineDiedError, OutOfMemoryError, VariantUnsupportedError
from quanttui.records import FinishReason, UnloadReport

QUICK = {"cancel_grace_seconds": 0.2, "load_cancel_grace_seconds": 0.2, "close_grace_seconds": 0.2}


def kill(engine: EngineProcess) -> int:
    """SIGKILL the child; returns its id."""
    process_id = engine.process_id
    os.kill(process_id, signal.SIGKILL)
    return process_id


def load(engine, variant="bf16"):
    return result_of(engine.load(load_request(variant)))


def run_once(engine):
    """A whole generation, from load to unload."""
    model = load(engine)
    output = result_of(model.generate(generate_request()))
    model.unload()
    return output


def open_descriptors():
    return set(os.listdir("/proc/self/fd"))


class TestDeath:
    def test_killed_in_mid_generation_it_says_so_and_the_next_run_works(self, open_double):
        engine = open_double()
        model = load(engine)
        work = model.generate(generate_request(50))
        next(work)
        first = kill(engine)
        with pytest.raises(EngineDiedError, match=r"SIGKILL.*out-of-memory killer") as caught:
            exhaust(work)
        assert caught.value.hint
        assert model.unload() == UnloadReport(None, None)
        assert run_once(engine).token_ids
        assert engine.process_id not in (None, first)

    def test_killed_in_mid_load_it_says_so_and_the_next_run_works(self, open_double):
        engine = open_double()
        work = engine.load(load_request())
        next(work)
        kill(engine)
        with pytest.raises(EngineDiedError):
            exhaust(work)
        assert run_once(engine).token_ids

    def test_killed_while_idle_the_next_load_starts_a_fresh_child(self, open_double):
        engine = open_double()
        engine.describe()
        psutil.Process(kill(engine)).wait(10)
        assert engine.process_id is None
        assert run_once(engine).token_ids

    def test_a_model_whose_process_died_while_idle_says_so(self, open_double):
        engine = open_double()
        model = load(engine)
        process = psutil.Process(engine.process_id)
        kill(engine)
        process.wait(10)
        with pytest.raises(EngineDiedError):
            result_of(model.generate(generate_request()))
        assert model.unload() == UnloadReport(None, None)

    def test_a_model_of_an_earlier_child_is_not_taken_for_one_of_the_next(self, open_double):
        engine = open_double()
        old = load(engine)
        psutil.Process(kill(engine)).wait(10)
        new = load(engine)
        with pytest.raises(EngineDiedError):
            result_of(old.generate(generate_request()))
        assert old.unload() == UnloadReport(None, None)
        assert result_of(new.generate(generate_request())).token_ids

    def test_a_fault_in_native_code_is_named_and_its_stack_kept(self, open_double):
        engine = open_double("Crashing")
        with pytest.raises(EngineDiedError, match="SIGSEGV") as caught:
            run_once(engine)
        assert "engine_doubles.py" in caught.value.hint

    def test_an_exception_that_is_no_quanttui_error_ends_the_child_and_is_told_safely(self, open_double):
        engine = open_double("Defective")
        with pytest.raises(EngineDiedError, match="exit code 1: ZeroDivisionError: a defect␛") as caught:
            run_once(engine)
        assert "\x1b" not in str(caught.value)

    @pytest.mark.parametrize(
        ("spec", "why"),
        [
            ("no_such_module:Engine", "No module named 'no_such_module'"),
            ("engine_doubles:NoSuchEngine", "has no attribute 'NoSuchEngine'"),
            ("Unbuildable", "RuntimeError: no driver here"),
        ],
    )
    def test_a_child_that_cannot_start_reports_why(self, open_double, spec, why):
        engine = open_double(spec)
        engine.start()
        for _ in range(2):
            with pytest.raises(EngineDiedError) as caught:
                engine.describe()
            assert why in caught.value.message

    def test_without_a_log_file_the_cause_is_known_all_the_same(self, open_double):
        engine = open_double("Unbuildable", log_path=None)
        with pytest.raises(EngineDiedError, match="no driver here"):
            engine.describe()

    def test_what_is_no_message_ends_the_child(self, open_double):
        engine = open_double("Garbled")
        with pytest.raises(EngineDiedError, match="no message") as caught:
            run_once(engine)
        assert "\x1b" not in str(caught.value)
        assert engine.process_id is None

    def test_out_of_memory_crosses_and_the_process_is_replaced(self, open_double):
        engine = open_double("Starved")
        first = engine.describe().process_id
        with pytest.raises(OutOfMemoryError, match="no room for nf4") as caught:
            load(engine, "nf4")
        assert caught.value.hint == "Choose a smaller model."
        run_once(engine)
        assert engine.process_id != first
        assert not psutil.pid_exists(first)


class TestCancelling:
    def test_from_another_thread_it_ends_a_generation_that_is_being_waited_for(self, open_double):
        engine = open_double("Deaf", **QUICK)
        model = load(engine)
        work = model.generate(generate_request())
        seen = [next(work) for _ in range(4)]
        threading.Timer(0.05, engine.cancel).start()
        with pytest.raises(CancelledError):
            next(work)
        assert len(seen) == 4
        assert model.unload() == UnloadReport(None, None)

    @pytest.mark.parametrize("double", ["Deaf", "Stubborn"])
    def test_a_load_that_hangs_is_ended_and_the_next_works(self, open_double, double):
        engine = open_double(double, **QUICK)
        work = engine.load(load_request("fp4"))
        next(work)
        first = engine.process_id
        engine.cancel()
        with pytest.raises(CancelledError):
            exhaust(work)
        assert not psutil.pid_exists(first)
        load(engine, "bf16").unload()

    def test_an_engine_that_heeds_nothing_but_goes_on_is_ended(self, open_double):
        engine = open_double("Heedless", **QUICK)
        work = load(engine).generate(generate_request(500))
        next(work)
        engine.cancel()
        with pytest.raises(CancelledError):
            exhaust(work)

    def test_a_slow_reader_is_not_taken_for_a_child_that_hangs(self, open_double):
        engine = open_double(cancel_grace_seconds=0.5)
        work = load(engine).generate(generate_request(50))
        next(work)
        engine.cancel()
        time.sleep(0.6)  # longer than the grace: the caller's own time does not count
        assert exhaust(work)[1].finish_reason is FinishReason.CANCELLED

    def test_an_abandoned_generation_that_hangs_is_ended(self, open_double):
        engine = open_double("Clinging", **QUICK)
        work = load(engine).generate(generate_request())
        next(work)
        work.close()
        assert engine.process_id is None

    def test_a_new_operation_ends_the_one_that_was_left_hanging(self, open_double):
        engine = open_double()
        model = load(engine)
        left = model.generate(generate_request(50))
        next(left)
        assert len(result_of(model.generate(generate_request(5))).token_ids) == 5
        with pytest.raises(CancelledError):
            next(left)
        assert model.unload() != UnloadReport(None, None)

    def test_a_load_finished_before_it_heard_of_the_stop_is_given_back(self, open_double):
        engine = open_double()
        work = engine.load(load_request())
        steps = 12
        for _ in range(steps):
            next(work)
        work.close()
        load(engine).unload()


class TestPipe:
    def test_native_writes_to_the_standard_descriptors_disturb_nothing(self, open_double, tmp_path):
        engine = open_double("Noisy")
        output = run_once(engine)
        assert len(output.token_ids) == 12
        engine.close()
        log = (tmp_path / "engine.log").read_text()
        assert "a warning" in log
        assert "printed" in log

    def test_the_log_is_for_its_owner_alone(self, open_double, tmp_path):
        open_double().describe()
        assert (tmp_path / "engine.log").stat().st_mode & 0o077 == 0

    def test_hostile_text_arrives_raw(self, open_double):
        engine = open_double("Hostile")
        model = load(engine)
        output = result_of(model.generate(generate_request(50)))
        assert {"\x1b[31m", "\ud83d", "\x00", "\u202eevil"} <= set(output.pieces)

    def test_the_child_is_at_most_one_event_ahead(self, open_double):
        engine = open_double("Crashing")
        work = load(engine).generate(generate_request(50))
        for _ in range(3):  # the prompt and tokens 0 and 1: token 3 is where it would crash
            next(work)
        process = psutil.Process(engine.process_id)
        with pytest.raises(psutil.TimeoutExpired):
            process.wait(0.3)

    def test_typed_errors_cross(self, open_double):
        engine = open_double("engine_doubles:Fussy")
        with pytest.raises(VariantUnsupportedError, match="no fp16 here"):
            load(engine, "fp16")


class TestLife:
    def test_start_does_not_wait_and_the_child_warms_up(self, open_double):
        engine = open_double()
        assert engine.process_id is None
        engine.start()
        first = engine.process_id
        assert first is not None
        assert engine.describe().process_id == first

    def test_the_child_has_a_session_of_its_own(self, open_double):
        engine = open_double()
        engine.describe()
        assert os.getsid(engine.process_id) == engine.process_id

    def test_an_interrupt_does_not_reach_the_work(self, open_double):
        engine = open_double()
        work = load(engine).generate(generate_request(20))
        next(work)
        os.kill(engine.process_id, signal.SIGINT)
        assert len(exhaust(work)[1].token_ids) == 20

    def test_close_is_idempotent_and_final(self, open_double):
        engine = open_double()
        engine.describe()
        process_id = engine.process_id
        engine.close()
        engine.close()
        assert engine.process_id is None
        assert not psutil.pid_exists(process_id)
        with pytest.raises(EngineDiedError, match="closed"):
            engine.describe()

    def test_closing_from_another_thread_ends_a_wait(self, open_double):
        engine = open_double("Deaf", **QUICK)
        work = load(engine).generate(generate_request())
        for _ in range(4):
            next(work)
        threading.Timer(0.05, engine.close).start()
        with pytest.raises(CancelledError):
            next(work)

    def test_nothing_is_left_after_many_lives(self, open_double):
        open_double().close()
        gc.collect()
        descriptors, threads = open_descriptors(), threading.active_count()
        children = psutil.Process().children()
        for number in range(20):
            engine = EngineProcess("quanttui.engine.scripted:ScriptedEngine")
            engine.start()
            if number % 4 == 0:
                next(engine.load(load_request()))
            engine.close()
        assert threading.active_count() == threads
        assert psutil.Process().children() == children
        gc.collect()
        assert open_descriptors() == descriptors

    def test_it_works_where_stderr_has_no_descriptor(self, open_double, monkeypatch):
        class Nowhere:
            def fileno(self):
                return -1

            def write(self, text):
                return len(text)

            def flush(self):
                return

        monkeypatch.setattr(sys, "stderr", Nowhere())
        monkeypatch.setattr(sys, "stdout", Nowhere())
        assert run_once(open_double()).token_ids

    @pytest.mark.parametrize("busy", [False, True])
    def test_end_of_file_ends_the_child_at_work_or_not(self, busy):
        child = subprocess.Popen(
            [sys.executable, "-m", "quanttui.engine.child", "engine_doubles:Deaf"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(HERE)},
        )
        with child:
            child.stdin.write(
                encode_message(Message(1, "load", load_request("fp4")) if busy else Message(1, "describe"))
            )
            child.stdin.flush()
            assert child.stdout.readline()
            for _ in range(5 if busy else 0):
                child.stdin.write(encode_message(Message(1, "next")))
            child.stdin.close()
            assert child.wait(10) == 0
