"""What tells one model's kept sides from another's: every file that a run depends on, and no weight read."""

from __future__ import annotations

import os
import shutil

import pytest

from quanttui.models.content_hash import content_sha256
from quanttui.models.demo import MODEL_FOLDER


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(MODEL_FOLDER, tmp_path / "model")


def weights(folder):
    return next(folder.glob("*.safetensors"))


def test_the_same_files_are_the_same_content(folder):
    assert content_sha256(folder) == content_sha256(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_another_configuration_or_tokenizer_is_other_content(folder, name):
    before = content_sha256(folder)
    (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
    assert content_sha256(folder) != before


def test_a_template_that_is_added_is_other_content(folder):
    before = content_sha256(folder)
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    assert content_sha256(folder) != before


def test_weights_that_were_written_anew_are_other_content(folder):
    before = content_sha256(folder)
    os.utime(weights(folder), ns=(1, 1))
    assert content_sha256(folder) != before


def test_weights_whose_time_of_writing_was_put_back_are_other_content(folder):
    path, before = weights(folder), content_sha256(folder)
    written = path.stat().st_mtime_ns
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.write_bytes(changed)
    os.utime(path, ns=(written, written))
    assert content_sha256(folder) != before


def test_two_models_of_one_layout_and_time_are_not_one(folder, tmp_path):
    other = shutil.copytree(folder, tmp_path / "merged")
    os.utime(weights(folder), ns=(1, 1))
    os.utime(weights(other), ns=(1, 1))
    assert content_sha256(other) != content_sha256(folder)


def test_a_blob_of_the_hubs_cache_is_known_by_its_name(folder, tmp_path):
    blob = weights(folder).rename(tmp_path / ("0" * 64))
    (folder / "model.safetensors").symlink_to(blob)
    before = content_sha256(folder)
    os.utime(blob, ns=(1, 1))
    assert content_sha256(folder) == before


def test_what_cannot_be_read_has_no_content(tmp_path):
    assert content_sha256(tmp_path / "nowhere") is None
    assert content_sha256(tmp_path) is None
