"""What the engine's start leaves out, and that it is there for whoever asks for it afterwards."""

from __future__ import annotations

import os
import subprocess
import sys

NO_GPU = {"CUDA_VISIBLE_DEVICES": ""}


def run_python(program: str) -> str:
    environment = {**os.environ, **NO_GPU}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, env=environment)
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


def test_foretelling_loading_and_writing_bring_in_no_compiler() -> None:
    program = """
import sys
from quanttui.models.demo import MODEL_FOLDER
from quanttui.records import EstimateRequest, GenerateRequest, GenerationSettings, LoadRequest, Precision
from quanttui.torch_engine.engine import TorchEngine
from quanttui.variants import parse_variant

def result_of(work):
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value

engine = TorchEngine(threads=1)
for spelling in ("bf16", "int8", "nf4"):
    load = LoadRequest("demo", str(MODEL_FOLDER), parse_variant(spelling), Precision.BF16)
    assert engine.estimate(EstimateRequest(load, 8)).activation_bytes
    model = result_of(engine.load(load))
    assert result_of(model.generate(GenerateRequest("Once upon", GenerationSettings(max_new_tokens=2)))).token_ids
    model.unload()
print([name for name in ("torch._dynamo", "torch._inductor", "torch.distributed.fsdp") if name in sys.modules])
"""
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


def test_where_torch_has_a_gpu_every_import_is_left_as_it_is() -> None:
    program = (
        "import sys, torch\n"
        "from quanttui.torch_engine.spared_imports import sparing\n"
        "torch.cuda.is_available = lambda: True\n"
        "before = torch.compile, torch.compiler.disable, torch.distributed.is_available\n"
        "with sparing():\n"
        "    assert before == (torch.compile, torch.compiler.disable, torch.distributed.is_available)\n"
        "    assert 'torch._dynamo' not in sys.modules and 'scipy' not in sys.modules\n"
        "    import scipy, torch._dynamo\n"
        "    print(torch._dynamo.is_compiling(), scipy is not None)\n"
    )
    assert run_python(program) == "False True"


def test_a_torch_that_lacks_a_name_which_is_exchanged_is_imported_as_it_is() -> None:
    program = (
        "import torch\n"
        "del torch.compiler.assume_constant_result\n"
        "compile_now = torch.compile\n"
        "from quanttui.torch_engine.spared_imports import sparing\n"
        "with sparing():\n"
        "    print(torch.compile is compile_now)\n"
    )
    assert run_python(program) == "True"


def test_what_is_compiled_in_earnest_while_the_compiler_is_put_off_gets_the_real_one() -> None:
    program = (
        "import torch\n"
        "from quanttui.torch_engine.spared_imports import compiler_put_off\n"
        "with compiler_put_off():\n"
        "    doubled = torch.compile(lambda x: 2 * x, backend='eager')\n"
        "    torch.arange(3, device='meta')\n"
        "    value = doubled(torch.ones(1)).item()\n"
        "import torch._dynamo\n"
        "print(value, torch._dynamo.__spec__.name)\n"
    )
    assert run_python(program) == "2.0 torch._dynamo"
