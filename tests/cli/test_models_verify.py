"""``quanttui models verify``: a table or a document, and an exit code for scripts."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from quanttui.models.demo import MODEL_FOLDER


@pytest.fixture
def snapshot(home: Path) -> Path:
    """The demo's files in the cache of this test's home, as the hub's client puts large ones."""
    repo = home / "hub" / "hub" / "models--me--demo"
    folder = repo / "snapshots" / ("a" * 40)
    for path in (repo / "blobs", repo / "refs", folder):
        path.mkdir(parents=True)
    (repo / "refs" / "main").write_text("a" * 40)
    for file in MODEL_FOLDER.iterdir():
        blob = repo / "blobs" / hashlib.sha256(file.read_bytes()).hexdigest()
        shutil.copy(file, blob)
        (folder / file.name).symlink_to(os.path.relpath(blob, folder))
    return folder


def flip_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[5000] ^= 0xFF
    file.write_bytes(content)


def test_a_whole_model_is_ok(command: Any, snapshot: Path) -> None:
    result = command("models", "verify", "me/demo")
    assert (result.code, result.err) == (0, "")
    assert "model.safetensors" in result.out
    assert "DAMAGED" not in result.out


def test_a_flipped_byte_is_exit_code_one_with_the_command_that_helps(command: Any, snapshot: Path) -> None:
    flip_a_byte((snapshot / "model.safetensors").resolve())
    result = command("models", "verify", "me/demo")
    assert result.code == 1
    assert "DAMAGED" in result.out
    assert "me/demo is damaged: model.safetensors" in result.err
    assert f"hf download me/demo --revision {'a' * 40} --force-download" in result.err


def test_the_document_holds_every_file(command: Any, snapshot: Path) -> None:
    flip_a_byte((snapshot / "model.safetensors").resolve())
    result = command("models", "verify", "me/demo", "--json")
    document = json.loads(result.out)
    states = {file["name"]: file["state"] for file in document["files"]}
    assert result.code == 1
    assert states.keys() == {file.name for file in MODEL_FOLDER.iterdir()}
    assert {name for name, state in states.items() if state == "damaged"} == {"model.safetensors"}


def test_a_folder_has_nothing_to_be_held_against(command: Any, tmp_path: Path) -> None:
    shutil.copytree(MODEL_FOLDER, tmp_path / "model")
    result = command("models", "verify", str(tmp_path / "model"))
    assert result.code == 0
    assert "cannot be checked" in result.out
    assert "no hash is known" in result.out


def test_a_download_that_never_ended_cannot_be_checked(command: Any, home: Path) -> None:
    (home / "hub" / "hub" / "models--me--half" / "blobs").mkdir(parents=True)
    result = command("models", "verify", "me/half")
    assert result.code == 1
    assert "never ended" in result.err
