"""A model from a hub by keys: the real client and the real screen, a hub of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quanttui.models.demo import MODEL_FOLDER

TESTS = Path(__file__).parents[1]
SCRIPTED = "quanttui.engine.scripted:ScriptedEngine"
CTRL_Q, CTRL_U = "\x11", "\x15"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(TESTS / "models"))
    from loopback_hub import running_hub

    with running_hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_CACHE", "HF_TOKEN"):
            monkeypatch.delenv(variable, raising=False)
        files = {path.name: path.read_bytes() for path in MODEL_FOLDER.iterdir() if path.is_file()}
        hub.add("org/small", files)
        yield hub


def test_a_hub_id_is_planned_fetched_and_chosen(open_terminal: Any, hub: Any, tmp_path: Path) -> None:
    terminal = open_terminal("--in-process", engine=SCRIPTED)
    terminal.wait_until(lambda lines: "ready on" in lines[-2])
    terminal.press("o")
    terminal.wait_until(lambda lines: any("Open a model" in line for line in lines))
    terminal.press("org/nowhere\r")
    terminal.wait_until(lambda lines: any("the hub has no model 'org/nowhere'" in line for line in lines))
    terminal.press(CTRL_U)
    terminal.wait_until(lambda lines: not any("nowhere" in line for line in lines))
    terminal.press("org/small\r")
    terminal.wait_until(lambda lines: any("15.0 MB in" in line for line in lines))
    terminal.wait_until(lambda lines: any("fp4" in line and "✓ fits" in line and "needs" in line for line in lines))
    assert not (tmp_path / "hub" / "hub").exists(), "nothing has come yet"
    terminal.press("\r")
    terminal.wait_until(lambda lines: "org/small · bf16" in lines[0])
    terminal.press(CTRL_Q)
    assert terminal.wait_for_end() == 0
    blobs = list((tmp_path / "hub" / "hub" / "models--org--small" / "snapshots" / ("c" * 40)).iterdir())
    assert {path.name for path in blobs} >= {"config.json", "tokenizer.json", "model.safetensors"}
