"""Folders that are no model, or not a whole one: each is refused in one clear message, and nothing stays loaded."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from driving import generate, load
from safetensors.torch import load_file, save_file
from small_models import llama, save_model

from quanttui.errors import LoadError, QuantTuiError, UsageError, VariantUnsupportedError
from quanttui.torch_engine.engine import TorchEngine

WEIGHTS = "model.safetensors"


@pytest.fixture
def folder(small_llama: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_llama, tmp_path / "model"))


def edit_json(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def edit_weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    tensors = load_file(folder / WEIGHTS)
    change(tensors)
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


def shard(folder: Path) -> list[str]:
    """Split the weights into two files and an index."""
    tensors = load_file(folder / WEIGHTS)
    (folder / WEIGHTS).unlink()
    names = sorted(tensors)
    files = {name: f"model-0000{1 + index % 2}-of-00002.safetensors" for index, name in enumerate(names)}
    for file in sorted(set(files.values())):
        save_file({n: tensors[n] for n in names if files[n] == file}, folder / file, metadata={"format": "pt"})
    (folder / f"{WEIGHTS}.index.json").write_text(json.dumps({"metadata": {}, "weight_map": files}))
    return sorted(set(files.values()))


def cut_short(folder: Path) -> None:
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[: len(content) // 2])


def garbage(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(b"not safetensors at all")


def lacking_a_tensor(folder: Path) -> None:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        del tensors["model.layers.1.mlp.up_proj.weight"]

    edit_weights(folder, change)


def wrong_shape(folder: Path) -> None:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        tensors["model.layers.0.mlp.up_proj.weight"] = torch.zeros(64, 64, dtype=torch.bfloat16)

    edit_weights(folder, change)


def pickle_only(folder: Path) -> None:
    torch.save(load_file(folder / WEIGHTS), folder / "pytorch_model.bin")
    (folder / WEIGHTS).unlink()


def without_weights(folder: Path) -> None:
    (folder / WEIGHTS).unlink()


def missing_shard(folder: Path) -> None:
    (folder / shard(folder)[1]).unlink()


def index_pointing_outside(folder: Path) -> None:
    shard(folder)
    edit_json(folder / f"{WEIGHTS}.index.json", lambda index: index["weight_map"].update({"lm_head.weight": "../x"}))


def broken_index(folder: Path) -> None:
    shard(folder)
    (folder / f"{WEIGHTS}.index.json").write_text("{")


def broken_config(folder: Path) -> None:
    (folder / "config.json").write_text("{not json")


def unknown_architecture(folder: Path) -> None:
    edit_json(folder / "config.json", lambda config: config.update(model_type="nobody-knows"))


def impossible_config(folder: Path) -> None:
    edit_json(folder / "config.json", lambda config: config.update(num_attention_heads=7))


def needing_remote_code(folder: Path) -> None:
    def change(config: dict[str, Any]) -> None:
        config.update(model_type="own-code", auto_map={"AutoConfig": "code.Config", "AutoModelForCausalLM": "code.M"})

    edit_json(folder / "config.json", change)
    (folder / "code.py").write_text("raise SystemExit('remote code ran')")


def saved_quantized(folder: Path) -> None:
    quantization = {"quant_method": "gptq", "bits": 4}
    edit_json(folder / "config.json", lambda config: config.update(quantization_config=quantization))


def without_tokenizer(folder: Path) -> None:
    for file in folder.glob("tokenizer*"):
        file.unlink()


DAMAGES = [
    (cut_short, LoadError, "damaged or cut short"),
    (garbage, LoadError, "damaged or cut short"),
    (lacking_a_tensor, LoadError, "model.layers.1.mlp.up_proj.weight"),
    (wrong_shape, LoadError, "model.layers.0.mlp.up_proj.weight"),
    (pickle_only, LoadError, ".bin"),
    (without_weights, LoadError, "no weights"),
    (missing_shard, LoadError, "model-00002-of-00002.safetensors"),
    (index_pointing_outside, LoadError, "outside its folder"),
    (broken_index, LoadError, "index.json"),
    (broken_config, LoadError, "config.json"),
    (unknown_architecture, LoadError, "nobody-knows"),
    (impossible_config, LoadError, "config.json"),
    (needing_remote_code, LoadError, "never runs"),
    (saved_quantized, LoadError, "already quantized, by gptq"),
    (without_tokenizer, LoadError, "tokenizer"),
]


@pytest.mark.parametrize(("damage", "kind", "told"), DAMAGES, ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize("variant", ["bf16", "nf4"])
def test_a_damaged_folder_is_refused_with_what_and_what_next(
    torch_engine: TorchEngine,
    folder: Path,
    damage: Callable[[Path], None],
    kind: type[QuantTuiError],
    told: str,
    variant: str,
) -> None:
    damage(folder)
    with pytest.raises(kind) as caught:
        load(torch_engine, folder, variant)
    assert told in caught.value.message
    assert caught.value.hint
    assert "\n" not in caught.value.message


def test_sharded_weights_load(torch_engine: TorchEngine, folder: Path, small_llama: Path) -> None:
    whole = generate(load(torch_engine, small_llama, "nf4"), "once upon")
    torch_engine.close()
    shard(folder)
    assert generate(load(torch_engine, folder, "nf4"), "once upon").token_ids == whole.token_ids


def test_what_is_no_folder_or_holds_no_model_is_wrong_usage(torch_engine: TorchEngine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file", tmp_path / "nowhere"):
        with pytest.raises(UsageError):
            load(torch_engine, path, "bf16")


def test_an_adapter_is_refused_before_its_base_model_is_looked_for(torch_engine: TorchEngine, folder: Path) -> None:
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "somebody/else"}')
    with pytest.raises(UsageError, match="adapter"):
        load(torch_engine, folder, "bf16")


def test_tensors_without_use_are_told(torch_engine: TorchEngine, folder: Path) -> None:
    edit_weights(folder, lambda tensors: tensors.update({"model.extra.weight": torch.zeros(2)}))
    notes = load(torch_engine, folder, "bf16").report.notes
    assert any("model.extra.weight" in note for note in notes)


def test_after_a_refused_load_the_next_one_works(torch_engine: TorchEngine, folder: Path, small_llama: Path) -> None:
    lacking_a_tensor(folder)
    with pytest.raises(LoadError):
        load(torch_engine, folder, "int8")
    assert generate(load(torch_engine, small_llama, "int8"), "once upon").token_ids


@pytest.mark.parametrize("name", ["layers.0", "model.layers.7", "nothing", "model.layers.0.mlp.up", "(", "lm_hed"])
def test_a_skip_name_that_matches_no_module_is_refused_naming_near_ones(
    torch_engine: TorchEngine, small_llama: Path, name: str
) -> None:
    with pytest.raises(UsageError) as caught:
        load(torch_engine, small_llama, f"nf4+skip={name}")
    assert name in caught.value.message
    assert "model." in caught.value.hint or "lm_head" in caught.value.hint


def test_a_head_cannot_be_quantized_and_skipped_at_once(torch_engine: TorchEngine, small_llama: Path) -> None:
    with pytest.raises(UsageError, match="lm_head"):
        load(torch_engine, small_llama, "nf4+head+skip=lm_head")


def test_a_model_whose_code_cannot_use_quantized_weights_is_refused(torch_engine: TorchEngine, tmp_path: Path) -> None:
    from small_models import COMMON
    from transformers import MambaConfig

    folder = save_model(tmp_path, MambaConfig(hidden_size=64, num_hidden_layers=1, state_size=8, **COMMON))
    with pytest.raises(VariantUnsupportedError, match="int8"):
        load(torch_engine, folder, "int8")
    assert generate(load(torch_engine, folder, "bf16"), "once upon").token_ids


def test_two_models_are_never_resident_at_once(torch_engine: TorchEngine, small_llama: Path) -> None:
    load(torch_engine, small_llama, "bf16")
    with pytest.raises(UsageError, match="still loaded"):
        load(torch_engine, small_llama, "nf4")


def test_a_model_name_with_slashes_never_reaches_the_hub(torch_engine: TorchEngine) -> None:
    with pytest.raises(UsageError, match="no folder"):
        load(torch_engine, Path("somebody/some-model"), "bf16")


def test_the_blueprint_has_no_memory(small_llama: Path) -> None:
    from quanttui.torch_engine.blueprint import draw_blueprint
    from quanttui.torch_engine.checkpoint import open_checkpoint

    blueprint = draw_blueprint(open_checkpoint(str(small_llama)))
    assert {parameter.device.type for parameter in blueprint.model.parameters()} == {"meta"}
    assert blueprint.context_length == llama().max_position_embeddings
