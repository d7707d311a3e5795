"""The exported script, run by somebody who has only it: the same tokens as the comparison's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from driving import DEMO

from quanttui.models.catalog import folder_entry
from quanttui.pipeline import run_comparison
from quanttui.records import GenerationSettings, RunRequest
from quanttui.records.events import RunFinished
from quanttui.runs.export.script import recipe_script
from quanttui.torch_engine.engine import TorchEngine
from quanttui.variants import parse_variant


def test_the_script_makes_the_text_that_was_compared(torch_engine: TorchEngine, tmp_path: Path) -> None:
    nf4 = parse_variant("nf4+dq")
    prompt = "The wizard said 'go' and \"so\"\n"
    request = RunRequest("r", folder_entry(DEMO), None, (nf4,), (prompt,), GenerationSettings(max_new_tokens=24))
    *_, last = run_comparison(torch_engine, request)
    assert isinstance(last, RunFinished)
    script = tmp_path / "recipe.py"
    script.write_text(recipe_script(last.run, nf4), encoding="utf-8")
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", script], capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.removesuffix("\n") == last.run.prompts[0].candidates[0].output.text
