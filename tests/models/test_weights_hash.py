"""The hash of the weights' headers: the same for a copy, another for another layout, none for what is damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from quanttui.models import demo
from quanttui.models.weights_hash import weights_header_sha256


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo.MODEL_FOLDER, tmp_path / "copy"))


def test_a_copy_has_the_same_hash(copy: Path) -> None:
    made = weights_header_sha256(copy)
    assert made is not None
    assert len(made) == 64
    assert made == weights_header_sha256(Path(demo.MODEL_FOLDER))


def test_another_header_has_another_hash(copy: Path) -> None:
    file = copy / "model.safetensors"
    before, content = weights_header_sha256(copy), bytearray(file.read_bytes())
    at = content.index(b"weight")
    content[at : at + 6] = b"WEIGHT"
    file.write_bytes(content)
    assert weights_header_sha256(copy) not in (None, before)


def test_an_index_counts_too(copy: Path) -> None:
    before = weights_header_sha256(copy)
    (copy / "model.safetensors.index.json").write_text("{}")
    assert weights_header_sha256(copy) not in (None, before)


def test_what_cannot_be_read_has_none(copy: Path, tmp_path: Path) -> None:
    (copy / "model.safetensors").write_bytes(b"short")
    assert weights_header_sha256(copy) is None
    assert weights_header_sha256(tmp_path / "nowhere") is None
    assert weights_header_sha256(tmp_path) is None
