"""``quanttui models quantize``: a model saved quantized, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def torch_command(command: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """In this process, on the torch engine."""
    monkeypatch.setenv("QUANTTUI_ENGINE", "torch")
    return command


def test_the_folder_is_a_model_like_any_other(torch_command: Any, tmp_path: Path) -> None:
    folder = tmp_path / "demo-nf4"
    result = torch_command("models", "quantize", "demo", "--variant", "nf4", "--output", str(folder), "--json")
    assert result.code == 0, result.err
    document = json.loads(result.out)
    assert (document["schema_version"], document["variant"], document["folder"]) == (1, "nf4", str(folder))
    assert document["bytes"] == sum(path.stat().st_size for path in folder.iterdir()) > 1_000_000
    assert document["options"]["bnb_4bit_quant_type"] == "nf4"
    fit = torch_command("models", "fit", str(folder), "--variants", "nf4", "--json")
    assert json.loads(fit.out)["fits"][0]["variant"] == "nf4"
    again = torch_command("models", "quantize", "demo", "--variant", "nf4", "--output", str(folder))
    assert again.code == 2
    assert "not empty" in again.err


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("demo", "--variant", "nf5", "--output", "x"), "nf5"),
        (("demo", "--variant", "nf4"), "--output"),
        (("nowhere", "--variant", "nf4", "--output", "x"), "no model is called"),
    ],
)
def test_what_cannot_be_is_refused(command: Any, argv: tuple[str, ...], told: str) -> None:
    result = command("models", "quantize", *argv)
    assert result.code in (1, 2)
    assert told in result.err
    assert result.out == ""


def test_the_scripted_engine_says_that_it_has_nothing_to_save(command: Any, tmp_path: Path) -> None:
    result = command("models", "quantize", "demo", "--variant", "nf4", "--output", str(tmp_path / "out"))
    assert result.code in (1, 2)
    assert "no weights" in result.err
    assert not (tmp_path / "out").exists()
