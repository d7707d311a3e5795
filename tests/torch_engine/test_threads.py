"""How many threads torch computes with, in every process that has torch: fresh ones, as they really start."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from driving import DEMO

IN_PROCESS = """
import json, os, sys
from quanttui.torch_engine.engine import TorchEngine
assert "torch" not in sys.modules
engine = TorchEngine("cpu", threads={threads})
engine.describe()
import torch
described = torch.get_num_threads()
from quanttui.records import LoadRequest, Precision
from quanttui.variants import parse_variant
for _ in engine.load(LoadRequest("demo", {path!r}, parse_variant("bf16"), Precision.BF16)):
    pass
loaded = torch.get_num_threads()
waits = os.environ["OMP_WAIT_POLICY"]
print(json.dumps({{"described": described, "loaded": loaded, "waits": waits}}), file=sys.__stdout__)
"""
TEMPLATES = """
import json, os, sys
import quanttui.torch_engine.template_child
print(json.dumps("torch" in sys.modules and sys.modules["torch"].get_num_threads() > 0), file=sys.__stdout__)
"""


def said_by(program: str) -> Any:
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(("threads", "expected"), [(None, 1), (2, 2)])
def test_an_engine_computes_with_one_thread_for_a_small_model_or_as_many_as_it_is_told(
    threads: int | None, expected: int
) -> None:
    said = said_by(IN_PROCESS.format(threads=threads, path=str(DEMO)))
    assert (said["described"], said["loaded"]) == (expected, expected)
    assert said["waits"] == "PASSIVE"


def test_the_process_that_renders_chat_templates_has_no_torch() -> None:
    assert said_by(TEMPLATES) is False
