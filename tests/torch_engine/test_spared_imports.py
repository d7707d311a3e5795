"""What the engine's start leaves out, and that it is there for whoever asks for it afterwards."""

from __future__ import annotations

import subprocess
import sys


def run_python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_warm_engine_that_has_tried_every_precision_holds_neither_torchs_compiler_nor_scipy() -> None:
    program = (
        "import sys\n"
        "from quanttui.torch_engine.engine import TorchEngine\n"
        "TorchEngine().describe()\n"
        "unwanted = ['torch._dynamo', 'torch._inductor', 'scipy', 'sympy', 'torch.distributed.fsdp']\n"
        "print([name for name in unwanted if name in sys.modules])\n"
    )
    assert run_python(program) == "[]"


def test_torchs_own_functions_are_back_and_its_compiler_can_be_imported_after_the_start() -> None:
    program = (
        "import torch\n"
        "before = torch.compile, torch.compiler.disable, torch.distributed.is_available\n"
        "from quanttui.torch_engine.libraries import prepare_libraries\n"
        "prepare_libraries()\n"
        "assert before == (torch.compile, torch.compiler.disable, torch.distributed.is_available)\n"
        "import importlib, torch._dynamo\n"
        "compiled = torch.compile(lambda x: 2 * x, backend='eager')\n"
        "assert torch._dynamo.is_compiling() is False\n"
        "assert importlib.import_module('scipy') is not None\n"
        "print(compiled(torch.ones(1)).item())\n"
    )
    assert run_python(program) == "2.0"


def test_what_bitsandbytes_compiles_at_import_is_compiled_when_it_is_first_called() -> None:
    program = (
        "import torch\n"
        "from quanttui.torch_engine.spared_imports import sparing\n"
        "asked = []\n"
        "torch.compile = lambda function, **options: asked.append(options) or function\n"
        "with sparing():\n"
        "    plain = torch.compile(lambda x: x + 1)\n"
        "    with_options = torch.compile(dynamic=False)(lambda x: x + 2)\n"
        "assert asked == []\n"
        "print(plain(1), with_options(1), with_options(2), asked)\n"
    )
    assert run_python(program) == "2 3 4 [{}, {'dynamic': False}]"
