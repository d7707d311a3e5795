"""NVIDIA's driver library, faked in C below the real binding, and a way to drive it from a fresh process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).with_name("fake_nvml.c")
LIBRARY = "libnvidia-ml.so.1"
PRELUDE = """
import json, os
from dataclasses import asdict
from quanttui.hardware.nvml import NvmlReader
from quanttui.hardware.probe import MemoryProbe
def show(**values): print(json.dumps(values))
"""

Drive = Callable[..., dict[str, Any]]


def _compile(folder: Path, *flags: str) -> Path:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("no gcc to compile the stand-in for NVIDIA's library with")
    command = [compiler, "-shared", "-fPIC", "-Wall", "-Werror", *flags, "-o", str(folder / LIBRARY), str(SOURCE)]
    subprocess.run(command, check=True, timeout=60)
    return folder


@pytest.fixture(scope="session")
def fake_driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a libnvidia-ml.so.1 of today."""
    return _compile(tmp_path_factory.mktemp("driver"))


@pytest.fixture(scope="session")
def old_driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a libnvidia-ml.so.1 that lacks the newer functions."""
    return _compile(tmp_path_factory.mktemp("old_driver"), "-DOLD_DRIVER")


@pytest.fixture
def drive() -> Drive:
    """Run a few lines in a fresh process that finds the library in ``folder``; what they ``show`` comes back."""

    def run(folder: Path, lines: str, **fake: str) -> dict[str, Any]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("FAKE_NVML")}
        environment |= {"LD_LIBRARY_PATH": str(folder)} | {f"FAKE_NVML_{k.upper()}": v for k, v in fake.items()}
        done = subprocess.run(
            [sys.executable, "-c", PRELUDE + lines], env=environment, capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        shown: dict[str, Any] = json.loads(done.stdout)
        return shown

    return run
