"""What the engine says of itself, and that importing it is cheap."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from quanttui.records import Precision
from quanttui.torch_engine import describe
from quanttui.torch_engine.engine import TorchEngine


def test_making_an_engine_imports_no_torch() -> None:
    program = (
        "import sys; from quanttui.torch_engine.engine import TorchEngine; TorchEngine(); "
        "print(sorted({'torch', 'transformers', 'bitsandbytes', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_description_names_device_and_versions(shared_engine: TorchEngine) -> None:
    description = shared_engine.describe()
    assert description.process_id == os.getpid()
    assert description.versions["torch"] == torch.__version__
    assert {"python", "transformers", "bitsandbytes", "accelerate", "quanttui"} <= set(description.versions)
    assert description.device_name
    assert description.threads >= 1
    assert shared_engine.describe() is description


@pytest.mark.skipif(torch.cuda.is_available(), reason="of a machine without a GPU")
def test_without_a_gpu_every_precision_is_tried_on_the_cpu(shared_engine: TorchEngine) -> None:
    description = shared_engine.describe()
    assert description.device == "cpu"
    assert set(description.unsupported) <= set(Precision)
    assert "bf16" not in description.unsupported


def test_a_precision_that_fails_its_trial_is_told_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trial layer is made to fail as half-precision maths does on an old CPU."""
    probe_layer = describe._probe_layer

    def failing(precision: Precision, dtype: torch.dtype) -> torch.nn.Module:
        if dtype is torch.float16:
            raise RuntimeError("\"addmm_impl_cpu_\" not implemented for 'Half'\nmore lines")
        return probe_layer(precision, dtype)

    monkeypatch.setattr(describe, "_probe_layer", failing)
    unsupported = describe.describe_engine(torch.device("cpu"), threads=1).unsupported
    assert unsupported == {"fp16": "\"addmm_impl_cpu_\" not implemented for 'Half'"}


def test_a_load_never_opens_a_socket(small_llama: Path) -> None:
    program = f"""
import socket
def refuse(*args, **kwargs):
    raise SystemExit("the network was asked")
socket.socket.connect = socket.getaddrinfo = refuse
from quanttui.records import LoadRequest, Precision, Variant
from quanttui.torch_engine.engine import TorchEngine
engine = TorchEngine()
list(engine.load(LoadRequest("m", {str(small_llama)!r}, Variant(Precision.NF4), Precision.BF16)))
print("loaded")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "loaded", done.stderr
    assert done.stderr == ""
