"""What is kept of a folder from one load to the next, and when it is read anew."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from driving import finish, load_request
from driving import load as load_now
from small_models import llama, save_model

from quanttui.errors import LoadError, UsageError
from quanttui.torch_engine.engine import TorchEngine
from quanttui.torch_engine.opened import OpenedFolder


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    return save_model(tmp_path / "model", llama())


def test_an_unchanged_folder_is_read_once(model_folder: Path) -> None:
    folder = OpenedFolder()
    opened = folder.open(str(model_folder))
    assert folder.open(str(model_folder)) is opened
    folder.forget()
    assert folder.open(str(model_folder)) is not opened


def test_another_folder_takes_the_place_of_the_last(model_folder: Path, tmp_path: Path) -> None:
    folder, other = OpenedFolder(), save_model(tmp_path / "other", llama())
    opened = folder.open(str(model_folder))
    assert folder.open(str(other)).blueprint.checkpoint.folder == other
    assert folder.open(str(model_folder)) is not opened


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_file_that_was_written_anew_is_noticed(model_folder: Path, name: str) -> None:
    """Of the same size and with the time that it had before: the inode is another."""
    folder = OpenedFolder()
    opened = folder.open(str(model_folder))
    was = (model_folder / name).stat()
    shutil.copy(model_folder / name, model_folder / "copy")
    os.utime(model_folder / "copy", ns=(was.st_atime_ns, was.st_mtime_ns))
    (model_folder / "copy").rename(model_folder / name)
    assert folder.open(str(model_folder)) is not opened


def test_weights_behind_a_link_are_noticed_too(model_folder: Path, tmp_path: Path) -> None:
    """As in the hub's cache: the folder holds links, and what they lead to changes."""
    blob = tmp_path / "blob"
    (model_folder / "model.safetensors").rename(blob)
    (model_folder / "model.safetensors").symlink_to(blob)
    folder = OpenedFolder()
    opened = folder.open(str(model_folder))
    os.utime(blob, ns=(1, 1))
    assert folder.open(str(model_folder)) is not opened


def test_what_broke_between_two_loads_is_refused_by_the_second(
    torch_engine: TorchEngine, model_folder: Path, tmp_path: Path
) -> None:
    load_now(torch_engine, model_folder, "bf16").unload()
    config = json.loads((model_folder / "config.json").read_text())
    (model_folder / "config.json").write_text(json.dumps({**config, "hidden_size": 32}))
    with pytest.raises(LoadError, match="has shape"):
        load_now(torch_engine, model_folder, "nf4")
    with pytest.raises(UsageError):
        finish(torch_engine.load(load_request(tmp_path / "nowhere", "nf4")))


def test_every_load_of_one_folder_tells_the_same(torch_engine: TorchEngine, model_folder: Path) -> None:
    model = load_now(torch_engine, model_folder, "nf4")
    first, tokenizer = model.report, model.tokenizer
    model.unload()
    load_now(torch_engine, model_folder, "int8").unload()
    again = load_now(torch_engine, model_folder, "nf4")
    assert again.tokenizer is tokenizer
    assert (again.report.model, again.report.notes, again.report.options) == (first.model, first.notes, first.options)
