"""``quanttui doctor`` and ``quanttui models``: what is told of this machine, and what is not."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest


def test_doctor_tells_versions_devices_variants_and_places(command: Any, home: Path) -> None:
    result = command("doctor")
    assert (result.code, result.err) == (0, "")
    for told in ("torch", "bitsandbytes", "device", "int8", "nf4", str(home / "quanttui" / "log"), str(home / "hub")):
        assert told in result.out


def test_doctor_prints_one_document(command: Any) -> None:
    result = command("doctor", "--json")
    diagnosis = json.loads(result.out)
    assert diagnosis["variants"].keys() == {"fp32", "bf16", "fp16", "int8", "nf4", "fp4"}
    assert diagnosis["host"]["total_bytes"] > 0
    assert diagnosis["engine"]["problem"] is None


def test_doctor_never_tells_a_secret(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_verysecret")
    monkeypatch.setenv("HF_ENDPOINT", "https://me:pass@hub.example/path?key=hidden")
    monkeypatch.setenv("HTTPS_PROXY", "me:secretword@proxy.example:3128")
    monkeypatch.setenv("QUANTTUI_MODEL", "demo")
    for argv in (("doctor",), ("doctor", "--json")):
        out = command(*argv).out
        assert "HF_TOKEN" in out
        assert "HTTPS_PROXY" in out
        assert "QUANTTUI_MODEL" in out
        assert "https://hub.example/path" in out
        assert not [secret for secret in ("hf_verysecret", "pass@", "hidden", "secretword") if secret in out]


def test_doctor_names_the_fault_of_an_engine_that_cannot_start(start: Any) -> None:
    process = start("doctor", "--json", engine="nowhere:Engine", stdout=-1, stderr=-1)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "nowhere" in json.loads(out)["engine"]["problem"]
    assert b"Traceback" not in err


def test_models_lists_the_demo(command: Any) -> None:
    result = command("models")
    assert (result.code, result.err) == (0, "")
    assert "demo" in result.out
    assert "LlamaForCausalLM" in result.out


def test_models_without_a_word_is_the_list(command: Any, tmp_path: Path) -> None:
    assert command("models", str(tmp_path), "--json") == command("models", "list", str(tmp_path), "--json")
    assert "commands (quanttui models COMMAND --help tells more):" in command("models", "--help").out


def test_the_help_page_ends_with_the_commands_and_the_exit_codes(command: Any) -> None:
    out = command("--help").out
    assert out.index("commands (quanttui COMMAND") < out.index("exit codes:") < out.index("  130  interrupted")


def test_models_names_what_keeps_a_folder_from_running(command: Any, tmp_path: Path) -> None:
    folder = tmp_path / "no\x1b[31mmodel"
    folder.mkdir()
    document = json.loads(command("models", "--json", str(folder)).out)
    demo, broken = document["models"][:2]
    assert demo["problem"] is None
    assert broken["id"] == str(folder)
    assert broken["problem"]
    assert "\x1b" not in command("models", str(folder)).out


def test_models_are_filtered_and_sorted(command: Any, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("zeta-model", "alpha-model")]
    for used, folder in enumerate(folders):
        folder.mkdir()
        (folder / "config.json").write_text("{}")
        os.utime(folder / "config.json", (4_000_000_000 - used, 1))

    def names(*options: str) -> list[str]:
        document = json.loads(command("models", "--json", *options, *map(str, folders)).out)
        return [Path(model["id"]).name for model in document["models"]]

    assert names() == ["demo", "zeta-model", "alpha-model"]
    assert names("--sort", "name") == ["demo", "alpha-model", "zeta-model"]
    assert names("--sort", "use") == ["demo", "zeta-model", "alpha-model"]
    assert names("--filter", "zetamod") == ["zeta-model"]
    os.utime(folders[1] / "config.json", (86_400, 86_400))
    assert re.search(r" \d\d y ago ", command("models", *map(str, folders)).out)
