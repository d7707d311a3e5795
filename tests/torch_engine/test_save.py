"""Saving a quantized model: loaded again it is the same to the bit; what cannot be saved leaves nothing."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from driving import finish, generate, load, load_request
from small_models import llama, qwen2, save_model
from test_bit_identity import assert_same, left_by, read

from quanttui.errors import LoadError, UsageError, VariantUnsupportedError
from quanttui.torch_engine.checkpoint import open_checkpoint
from quanttui.torch_engine.engine import TorchEngine


def quantize(engine: TorchEngine, source: Path, variant: str, folder: Path) -> tuple[int, ...]:
    """Greedy tokens of the model that was saved on the way."""
    model = finish(engine.load(replace(load_request(source, variant), save_to=str(folder))))
    token_ids = generate(model, "once upon a time", max_new_tokens=12).token_ids
    model.unload()
    return tuple(token_ids)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("model"), qwen2(tie_word_embeddings=True))


@pytest.mark.parametrize("variant", ["int8", "nf4", "nf4+dq", "fp4", "nf4+skip=model.layers.0"])
def test_what_was_saved_is_loaded_again_to_the_bit(
    torch_engine: TorchEngine, source: Path, tmp_path: Path, variant: str
) -> None:
    token_ids = quantize(torch_engine, source, variant, tmp_path / "saved")
    stored = str(open_checkpoint(str(tmp_path / "saved")).stored_as)
    assert stored == variant.partition("+skip")[0]
    ours, theirs = left_by(read(tmp_path / "saved", stored)), left_by(read(source, variant))
    assert_same(replace(ours, settings={}), replace(theirs, settings={}))
    again = load(torch_engine, tmp_path / "saved", stored)
    assert tuple(generate(again, "once upon a time", max_new_tokens=12).token_ids) == token_ids


def test_an_empty_folder_is_taken_and_one_in_use_is_not(
    torch_engine: TorchEngine, source: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    quantize(torch_engine, source, "nf4", tmp_path / "empty")
    saved = sorted(path.name for path in (tmp_path / "empty").iterdir())
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(saved)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for taken in ("empty", "file", "link"):
        with pytest.raises(UsageError, match="not empty"):
            quantize(torch_engine, source, "nf4", tmp_path / taken)
    assert sorted(path.name for path in (tmp_path / "empty").iterdir()) == saved
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "link"]


def test_what_cannot_be_saved_is_told_before_the_load(torch_engine: TorchEngine, source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="as it is"):
        quantize(torch_engine, source, "bf16", tmp_path / "saved")
    with pytest.raises(VariantUnsupportedError, match="shares"):
        quantize(torch_engine, source, "nf4+head", tmp_path / "saved")
    quantize(torch_engine, source, "nf4", tmp_path / "saved")
    with pytest.raises(UsageError, match="as it is"):
        quantize(torch_engine, tmp_path / "saved", "nf4", tmp_path / "twice")
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond 64 KiB: what a full disk is like, without one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_files")
def test_a_disk_that_does_not_take_it_leaves_nothing(torch_engine: TorchEngine, source: Path, tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="cannot be saved"):
        quantize(torch_engine, source, "nf4", tmp_path / "saved")
    assert not list(tmp_path.iterdir())


def test_untied_heads_are_saved_quantized(torch_engine: TorchEngine, tmp_path: Path) -> None:
    folder = save_model(tmp_path / "model", llama())
    token_ids = quantize(torch_engine, folder, "nf4+head", tmp_path / "saved")
    again = load(torch_engine, tmp_path / "saved", "nf4")
    assert tuple(generate(again, "once upon a time", max_new_tokens=12).token_ids) == token_ids
