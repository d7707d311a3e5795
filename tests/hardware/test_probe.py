"""Host and GPUs in one reading that returns in time, whatever the driver does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from quanttui.hardware.host import HostReader
from quanttui.hardware.probe import MemoryProbe

Drive = Callable[..., dict[str, Any]]

HANG = """
import time
now = [100.0]
probe = MemoryProbe(lambda: 4242, clock=lambda: now[0], patience_seconds=0.2)
first = None
if "FAKE_NVML_HANG" not in os.environ:
    while not (first := probe.read()).gpus:
        pass
    os.environ["FAKE_NVML_HANG"] = "nvmlDeviceGetPowerUsage"
began = time.monotonic()
now[0] += 1; second = probe.read()
now[0] += 6; third = probe.read()
probe.close()
show(first=first and asdict(first), second=asdict(second), third=asdict(third), seconds=time.monotonic() - began)
"""


def test_host_and_gpus_come_in_one_reading(drive: Drive, fake_driver: Path) -> None:
    lines = "probe = MemoryProbe(os.getpid, clock=lambda: 7.5, patience_seconds=20)\nshow(r=asdict(probe.read()))"
    reading = drive(fake_driver, lines)["r"]
    assert [gpu["uuid"] for gpu in reading["gpus"]] == ["GPU-0000", "GPU-0001"]
    assert (reading["at_seconds"], reading["nvml_problem"]) == (7.5, None)
    assert 0 < reading["host"]["engine_bytes"] < reading["host"]["total_bytes"]


def test_a_hanging_driver_leaves_the_last_reading_and_its_age(drive: Drive, fake_driver: Path) -> None:
    shown = drive(fake_driver, HANG)
    assert shown["second"]["at_seconds"] == shown["third"]["at_seconds"] == 100.0
    assert [gpu["problem"] for gpu in shown["second"]["gpus"]] == [None, None]
    assert [gpu["problem"] for gpu in shown["third"]["gpus"]] == ["no answer from the NVIDIA driver for 7 s"] * 2
    assert shown["third"]["gpus"][0]["used_bytes"] == shown["first"]["gpus"][0]["used_bytes"]
    assert shown["third"]["host"]["total_bytes"] > 0
    assert shown["seconds"] < 10


def test_a_driver_that_hangs_from_the_start_is_said(drive: Drive, fake_driver: Path) -> None:
    shown = drive(fake_driver, HANG, hang="nvmlInitWithFlags")
    assert shown["third"]["gpus"] == []
    assert shown["third"]["nvml_problem"] == "the NVIDIA driver has not answered yet"
    assert shown["third"]["at_seconds"] == 107.0


def test_a_driver_that_answers_again_is_read_again(drive: Drive, fake_driver: Path, tmp_path: Path) -> None:
    """It hangs on its log here: a pipe that nobody reads."""
    log = tmp_path / "log"
    os.mkfifo(log)
    lines = """
now = [100.0]
probe = MemoryProbe(lambda: None, clock=lambda: now[0], patience_seconds=0.2)
before = probe.read()
now[0] += 9; during = probe.read()
reader = os.open(os.environ["FAKE_NVML_LOG"], os.O_RDONLY | os.O_NONBLOCK)
after = probe.read()
while not after.gpus:
    now[0] += 1; after = probe.read()
show(before=before.nvml_problem, during=during.nvml_problem, after=after.nvml_problem, gpus=len(after.gpus))
"""
    shown = drive(fake_driver, lines, log=str(log))
    assert shown["before"] == shown["during"] == "the NVIDIA driver has not answered yet"
    assert (shown["after"], shown["gpus"]) == (None, 2)


def test_a_machine_without_nvidia_still_reads_its_host(drive: Drive, fake_driver: Path) -> None:
    lines = "probe = MemoryProbe(os.getpid, patience_seconds=20)\nshow(r=asdict(probe.read()))"
    reading = drive(fake_driver, lines, init="9")["r"]
    assert (reading["gpus"], reading["nvml_problem"]) == ([], "the NVIDIA driver is not loaded")
    assert reading["host"]["available_bytes"] > 0


def test_the_engine_process_is_asked_for_at_each_reading() -> None:
    ids = iter([None, os.getpid()])
    probe = MemoryProbe(lambda: next(ids), patience_seconds=0)
    assert probe.read().host.engine_bytes is None
    own = probe.read().host.engine_bytes
    assert own is not None
    assert 0.2 < own / psutil.Process().memory_info().rss < 5
    probe.close()


def test_a_process_that_is_gone_has_no_memory_rather_than_zero() -> None:
    reader = HostReader()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    alive = reader.read(child.pid).engine_bytes
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert alive is not None
    assert alive > 0
    assert reader.read(child.pid).engine_bytes is None, "a zombie"
    child.communicate()
    assert reader.read(child.pid).engine_bytes is None, "no such process"


def test_cpu_use_is_told_once_there_is_something_to_measure_from() -> None:
    reader = HostReader()
    first, second = reader.read(), reader.read()
    assert first.cpu_percent is None
    assert second.cpu_percent is not None
    assert 0 <= second.cpu_percent <= 100
