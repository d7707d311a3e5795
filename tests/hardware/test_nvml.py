"""The real NVML binding over a faked driver library: what it tells, and what it does where the driver fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GIB = 2**30
READ = """
reader = NvmlReader()
gpus = reader.read(4242)
show(gpus=[asdict(gpu) for gpu in gpus], problem=reader.problem)
reader.close()
"""
FIELDS = {
    "nvmlDeviceGetUtilizationRates": "utilization_percent",
    "nvmlDeviceGetPowerUsage": "power_watts",
    "nvmlDeviceGetTemperature": "temperature_celsius",
}
# nvml.h: every error that a question to a GPU can end with
NVML_ERRORS = (*range(1, 7), *range(8, 28), 999)  # 7, a list that is too small, is answered with a larger one

Drive = Callable[..., dict[str, Any]]


def test_two_gpus_are_read_whole(drive: Drive, fake_driver: Path) -> None:
    shown = drive(fake_driver, READ)
    common = {
        "name": "NVIDIA Fake 80GB",
        "total_bytes": 80 * GIB,
        "used_bytes": 20 * GIB,
        "free_bytes": 59 * GIB,
        "power_watts": 412.5,
        "temperature_celsius": 61,
        "problem": None,
        "throttling": [],
        "torch_name": None,
        "allocated_bytes": None,
        "reserved_bytes": None,
        "source": "nvml",
    }
    others = [{"process_id": 1, "name": None, "used_bytes": 9 * GIB}]
    first = {"index": 0, "uuid": "GPU-0000", "engine_bytes": 6 * GIB, "utilization_percent": 40}
    second = {"index": 1, "uuid": "GPU-0001", "engine_bytes": None, "utilization_percent": 41}
    first, second = first | {"processes": others}, second | {"processes": []}
    assert shown == {"gpus": [common | first, common | second], "problem": None}


def test_an_old_driver_without_the_newer_functions_is_read_too(drive: Drive, old_driver: Path) -> None:
    gpu = drive(old_driver, READ)["gpus"][0]
    assert (gpu["total_bytes"], gpu["used_bytes"], gpu["engine_bytes"]) == (80 * GIB, 21 * GIB, 6 * GIB)


@pytest.mark.parametrize("function", FIELDS)
def test_a_field_the_gpu_lacks_is_none_and_the_others_are_read(drive: Drive, fake_driver: Path, function: str) -> None:
    whole = drive(fake_driver, READ)["gpus"][0]
    gpu = drive(fake_driver, READ, unsupported=function)["gpus"][0]
    assert gpu == whole | {FIELDS[function]: None}


def test_a_gpu_that_tells_nothing_is_listed_with_nothing_but_its_place(drive: Drive, fake_driver: Path) -> None:
    silent = (
        "nvmlDeviceGetMemoryInfo,nvmlDeviceGetMemoryInfo_v2,nvmlDeviceGetUtilizationRates,nvmlDeviceGetPowerUsage,"
        "nvmlDeviceGetTemperature,nvmlDeviceGetCurrentClocksEventReasons,nvmlDeviceGetCurrentClocksThrottleReasons,"
        "nvmlDeviceGetName,nvmlDeviceGetUUID,nvmlDeviceGetComputeRunningProcesses_v2,"
        "nvmlDeviceGetComputeRunningProcesses_v3,nvmlDeviceGetGraphicsRunningProcesses_v2,"
        "nvmlDeviceGetGraphicsRunningProcesses_v3"
    )
    gpu = drive(fake_driver, READ, unsupported=silent, count="1")["gpus"][0]
    assert {name: value for name, value in gpu.items() if value not in (None, [])} == {
        "index": 0,
        "uuid": "",
        "name": "GPU 0",
        "source": "nvml",
    }


def test_unified_memory_without_figures_is_none_while_the_rest_is_read(drive: Drive, fake_driver: Path) -> None:
    gpu = drive(fake_driver, READ, unsupported="nvmlDeviceGetMemoryInfo,nvmlDeviceGetMemoryInfo_v2")["gpus"][0]
    assert (gpu["total_bytes"], gpu["used_bytes"], gpu["free_bytes"]) == (None, None, None)
    assert (gpu["utilization_percent"], gpu["engine_bytes"], gpu["problem"]) == (40, 6 * GIB, None)


def test_a_process_id_of_another_namespace_is_no_share_rather_than_zero(drive: Drive, fake_driver: Path) -> None:
    assert drive(fake_driver, READ, pid="777")["gpus"][0]["engine_bytes"] is None


def test_a_lost_gpu_is_listed_with_the_reason_and_asked_nothing_more(
    drive: Drive, fake_driver: Path, tmp_path: Path
) -> None:
    log = tmp_path / "calls"
    lines = """
reader = NvmlReader()
before = reader.read()
os.environ["FAKE_NVML_LOST"] = "1"
os.environ["FAKE_NVML_COUNT"] = "1"
os.environ["FAKE_NVML_LOG"] = os.environ["FAKE_NVML_CALLS"]
show(gpus=[asdict(gpu) for gpu in reader.read()])
"""
    well, lost = drive(fake_driver, lines, calls=str(log))["gpus"]
    assert (well["problem"], well["used_bytes"]) == (None, 20 * GIB)
    assert (lost["problem"], lost["used_bytes"], lost["utilization_percent"]) == ("GPU is lost", None, None)
    assert (lost["uuid"], lost["name"]) == ("GPU-0001", "NVIDIA Fake 80GB")
    assert log.read_text().splitlines()[-1] == "nvmlDeviceGetMemoryInfo_v2", "the lost GPU was asked on"


def test_handles_are_fetched_once(drive: Drive, fake_driver: Path, tmp_path: Path) -> None:
    drive(fake_driver, "r = NvmlReader(); r.read(); r.read(); r.read(); show()", log=str(tmp_path / "calls"))
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls.count("nvmlDeviceGetHandleByIndex_v2") == 2
    assert calls.count("nvmlInitWithFlags") == 1


def test_a_closed_reader_lets_nvml_go_once_and_can_start_again(drive: Drive, fake_driver: Path, tmp_path: Path) -> None:
    lines = "r = NvmlReader(); r.read(); r.close(); r.close(); show(gpus=len(r.read()))"
    assert drive(fake_driver, lines, log=str(tmp_path / "calls")) == {"gpus": 2}
    calls = (tmp_path / "calls").read_text().splitlines()
    assert (calls.count("nvmlShutdown"), calls.count("nvmlInitWithFlags")) == (1, 2)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("9", "the NVIDIA driver is not loaded"),
        ("18", "the NVIDIA driver was updated while its old version runs: reboot"),
        ("4", "no permission to ask the NVIDIA driver"),
        ("999", "the NVIDIA driver does not start: Unknown Error"),
        ("321", "the NVIDIA driver does not start: NVML Error with code 321"),
    ],
)
def test_a_driver_that_does_not_start_says_why(drive: Drive, fake_driver: Path, code: str, problem: str) -> None:
    assert drive(fake_driver, READ, init=code) == {"gpus": [], "problem": problem}


def test_a_driver_without_gpus_says_so(drive: Drive, fake_driver: Path) -> None:
    assert drive(fake_driver, READ, count="0") == {"gpus": [], "problem": "the NVIDIA driver has no GPU to show"}


@pytest.mark.parametrize("content", [b"", b"not a library"])
def test_a_library_that_cannot_be_loaded_is_no_driver(drive: Drive, tmp_path: Path, content: bytes) -> None:
    """A missing one ends in the same place; a broken one is found first even where a real driver is installed."""
    (tmp_path / "libnvidia-ml.so.1").write_bytes(content)
    problem = "no NVIDIA driver is installed (libnvidia-ml.so.1 cannot be loaded)"
    assert drive(tmp_path, READ) == {"gpus": [], "problem": problem}


def test_a_missing_binding_is_said(drive: Drive, fake_driver: Path) -> None:
    shown = drive(fake_driver, "import sys; sys.modules['pynvml'] = None\n" + READ)
    assert shown == {"gpus": [], "problem": "the package nvidia-ml-py is not installed"}


def test_a_name_in_no_known_encoding_does_no_harm(drive: Drive, fake_driver: Path) -> None:
    lines = "os.environb[b'FAKE_NVML_NAME'] = b'\\xff\\xfe'\n" + READ
    assert drive(fake_driver, lines)["gpus"][0]["name"] == "GPU 0"


def test_importing_the_hardware_room_loads_no_binding(drive: Drive, fake_driver: Path) -> None:
    assert drive(fake_driver, "import sys; show(loaded='pynvml' in sys.modules)") == {"loaded": False}


def test_what_holds_the_clocks_down_is_said_in_words(drive: Drive, fake_driver: Path, old_driver: Path) -> None:
    for driver in (fake_driver, old_driver):
        words = drive(driver, READ, throttle=str(0x01 | 0x04 | 0x40))["gpus"][0]["throttling"]
        assert words == ["power cap", "hardware: too hot"]


def test_every_error_code_leaves_a_gpu_without_figures_and_the_reader_whole(drive: Drive, fake_driver: Path) -> None:
    lines = f"""
reader = NvmlReader()
reader.read()
failed = dict()
for code in {NVML_ERRORS}:
    os.environ["FAKE_NVML_ERROR"] = str(code)
    failed[code] = [[gpu.used_bytes, gpu.power_watts, gpu.problem] for gpu in reader.read(4242)]
del os.environ["FAKE_NVML_ERROR"]
show(failed=failed, after=[gpu.used_bytes for gpu in reader.read(4242)], problem=reader.problem)
"""
    shown = drive(fake_driver, lines)
    assert shown["after"] == [20 * GIB, 20 * GIB]
    assert shown["problem"] is None
    problems = {"15": "GPU is lost", "16": "GPU requires restart"}
    assert set(problems) <= set(shown["failed"])
    for code, gpus in shown["failed"].items():
        assert gpus == [[None, None, problems.get(code)]] * 2, code


def test_a_lost_gpu_that_comes_back_is_read_again(drive: Drive, fake_driver: Path) -> None:
    lines = """
reader = NvmlReader()
seen = []
for lost in ("-1", "0", "-1"):
    os.environ["FAKE_NVML_LOST"] = lost
    gpu = reader.read()[0]
    seen.append([gpu.problem, gpu.used_bytes])
show(seen=seen)
"""
    assert drive(fake_driver, lines)["seen"] == [[None, 20 * GIB], ["GPU is lost", None], [None, 20 * GIB]]
