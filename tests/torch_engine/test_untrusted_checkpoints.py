"""Folders that mean harm, or whose files contradict each other: nothing of them runs, and each is refused by name."""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from driving import generate, load
from safetensors.torch import load_file, save_file
from small_models import byte_level_tokenizer, gemma2, gpt2, gpt_neox, granite, llama, qwen2, save_model
from test_damaged_checkpoints import WEIGHTS, edit_json, edit_weights, shard
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from quanttui.errors import LoadError, QuantTuiError
from quanttui.torch_engine.engine import TorchEngine

UP = "model.layers.0.mlp.up_proj.weight"
INDEX = f"{WEIGHTS}.index.json"


@pytest.fixture
def folder(small_llama: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_llama, tmp_path / "model"))


@pytest.fixture
def canary(folder: Path, tmp_path: Path) -> Path:
    """A file that any of the folder's Python files would make if it were run."""
    file = tmp_path / "canary"
    code = f"open({str(file)!r}, 'w').write('ran')\nclass Own: pass\n"
    for name in ("configuration_own.py", "modeling_own.py", "tokenizer.py", "tokenization_own.py", "__init__.py"):
        (folder / name).write_text(code)
    (folder / "custom_generate").mkdir()
    (folder / "custom_generate" / "generate.py").write_text(code)
    return file


def merge_json(file: Path, **changes: object) -> None:
    content = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(content | changes))


def known_model_with_own_code(folder: Path) -> None:
    own = {"AutoConfig": "configuration_own.Own", "AutoModelForCausalLM": "modeling_own.Own"}
    merge_json(folder / "config.json", auto_map=own | {"AutoTokenizer": ["tokenization_own.Own", None]})


def unknown_model_with_own_code(folder: Path) -> None:
    known_model_with_own_code(folder)
    merge_json(folder / "config.json", model_type="own", architectures=["OwnForCausalLM"])


def tokenizer_with_own_code(folder: Path) -> None:
    own = {"AutoTokenizer": ["tokenization_own.Own", "tokenization_own.Own"]}
    merge_json(folder / "tokenizer_config.json", auto_map=own, tokenizer_class="Own")


def generation_with_own_code(folder: Path) -> None:
    merge_json(folder / "generation_config.json", custom_generate="custom_generate", trust_remote_code=True)


def processor_with_own_code(folder: Path) -> None:
    for name in ("processor_config.json", "preprocessor_config.json"):
        merge_json(folder / name, auto_map={"AutoProcessor": "modeling_own.Own"}, processor_class="Own")


def attention_from_the_hub(folder: Path) -> None:
    merge_json(folder / "config.json", _attn_implementation="somebody/kernel")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (known_model_with_own_code, None),
        (unknown_model_with_own_code, "never runs"),
        (tokenizer_with_own_code, "never runs"),
        (generation_with_own_code, None),
        (processor_with_own_code, None),
        (attention_from_the_hub, "somebody/kernel"),
    ],
)
def test_no_code_of_a_model_folder_ever_runs(
    torch_engine: TorchEngine, folder: Path, canary: Path, change: Callable[[Path], None], told: str | None
) -> None:
    """With ``told`` None the model runs by the code that transformers has of its own."""
    change(folder)
    if told is None:
        assert generate(load(torch_engine, folder, "nf4"), "once", max_new_tokens=2).token_ids
    else:
        with pytest.raises(LoadError, match=told):
            load(torch_engine, folder, "nf4")
    assert not canary.exists()


def not_a_number(folder: Path) -> None:
    edit_weights(folder, lambda tensors: tensors[UP].view(-1)[7].fill_(torch.nan))


def infinite(folder: Path) -> None:
    edit_weights(folder, lambda tensors: tensors[UP].view(-1)[7].fill_(-torch.inf))


def integers(folder: Path) -> None:
    edit_weights(folder, lambda tensors: tensors.update({UP: tensors[UP].to(torch.int64)}))


def eight_bit_floats(folder: Path) -> None:
    edit_weights(folder, lambda tensors: tensors.update({UP: tensors[UP].to(torch.float8_e4m3fn)}))


def wrong_shape_under_another_name(folder: Path) -> None:
    """Base models are saved without the prefix, which transformers adds."""

    def change(tensors: dict[str, torch.Tensor]) -> None:
        tensors[UP] = torch.zeros(64, 64, dtype=torch.bfloat16)
        for name in list(tensors):
            tensors[name.removeprefix("model.")] = tensors.pop(name)

    edit_weights(folder, change)


def edit_header(folder: Path, change: Callable[[str], str]) -> None:
    raw = (folder / WEIGHTS).read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = change(raw[8 : 8 + length].decode()).encode()
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", len(header)) + header + raw[8 + length :])


def tensor_named_twice(folder: Path) -> None:
    def change(header: str) -> str:
        entry = json.dumps({UP: json.loads(header)[UP]})[1:-1]
        return f"{header.rstrip().removesuffix('}')},{entry}}}"

    edit_header(folder, change)


def overlapping_tensors(folder: Path) -> None:
    def change(header: str) -> str:
        table = json.loads(header)
        table[UP]["data_offsets"] = table[UP.replace("up", "gate")]["data_offsets"]
        return json.dumps(table)

    edit_header(folder, change)


def endless_header(folder: Path) -> None:
    raw = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", 2**40) + raw[8:])


def tensor_in_two_shards(folder: Path) -> None:
    one, two = (folder / name for name in shard(folder))
    name, tensor = next(iter(load_file(one).items()))
    save_file({**load_file(two), name: tensor * 0}, two, metadata={"format": "pt"})


def promised_tensor_missing(folder: Path) -> None:
    first, _ = shard(folder)
    edit_json(folder / INDEX, lambda index: index["weight_map"].update({"ghost.weight": first}))


def shard_of_pickle(folder: Path) -> None:
    shard(folder)
    torch.save({}, folder / "x.bin")
    edit_json(folder / INDEX, lambda index: index["weight_map"].update({UP: "x.bin"}))


def absolute_shard(folder: Path) -> None:
    first, _ = shard(folder)
    shutil.move(folder / first, folder.parent / first)
    edit_json(folder / INDEX, lambda index: index["weight_map"].update({UP: str(folder.parent / first)}))


def pipe_for_a_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    os.mkfifo(folder / "tokenizer.json")


def tokenizer_of_another_model(folder: Path) -> None:
    words = {f"word{index}": index for index in range(1000)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="word0"))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)


def a_million_layers(folder: Path) -> None:
    edit_json(folder / "config.json", lambda config: config.update(num_hidden_layers=1_000_000))


def eos_that_is_no_id(folder: Path) -> None:
    merge_json(folder / "generation_config.json", eos_token_id="</s>")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (not_a_number, UP),
        (infinite, UP),
        (integers, "I64"),
        (eight_bit_floats, "F8_E4M3"),
        (wrong_shape_under_another_name, "another shape|config.json says"),
        (tensor_named_twice, "twice in its header"),
        (overlapping_tensors, "damaged"),
        (endless_header, "damaged"),
        (tensor_in_two_shards, "and again in model-00002-of-00002.safetensors"),
        (promised_tensor_missing, "ghost.weight"),
        (shard_of_pickle, "x.bin, which is no safetensors file"),
        (absolute_shard, "outside its folder"),
        (pipe_for_a_tokenizer, "tokenizer.json is no file but a pipe"),
        (tokenizer_of_another_model, "another model's: it knows 1,000 tokens, the embedding has 320 rows"),
        (a_million_layers, "num_hidden_layers=1,000,000"),
        (eos_that_is_no_id, "eos_token_id"),
    ],
)
@pytest.mark.parametrize("variant", ["bf16", "nf4"])
def test_files_that_contradict_each_other_are_refused_by_name(
    torch_engine: TorchEngine, folder: Path, damage: Callable[[Path], None], told: str, variant: str
) -> None:
    damage(folder)
    with pytest.raises(LoadError, match=told) as caught:
        load(torch_engine, folder, variant)
    assert caught.value.hint
    assert "\n" not in caught.value.message


def test_a_wrong_shape_is_refused_where_bitsandbytes_turns_the_weight(
    torch_engine: TorchEngine, tmp_path: Path
) -> None:
    folder = save_model(tmp_path, gpt2())
    name = "transformer.h.0.mlp.c_fc.weight"

    def transposed(tensors: dict[str, torch.Tensor]) -> None:
        stored = next(key for key in tensors if name.endswith(key))
        tensors[stored] = tensors[stored].t().contiguous()

    assert generate(load(torch_engine, folder, "nf4"), "once", max_new_tokens=2).token_ids
    torch_engine.close()
    edit_weights(folder, transposed)
    with pytest.raises(LoadError, match="shape"):
        load(torch_engine, folder, "nf4")


def notes(engine: TorchEngine, folder: Path) -> str:
    return "\n".join(load(engine, folder, "bf16").report.notes)


def test_a_shard_that_the_index_does_not_name_is_told(torch_engine: TorchEngine, folder: Path) -> None:
    first, _ = shard(folder)
    shutil.copy(folder / first, folder / "model-00003-of-00003.safetensors")
    assert "model-00003-of-00003.safetensors is not read" in notes(torch_engine, folder)


def test_a_link_out_of_a_plain_folder_is_told_and_one_into_the_cache_is_not(
    torch_engine: TorchEngine, folder: Path
) -> None:
    blobs = folder.parent / "blobs"
    blobs.mkdir()
    for target, told in ((blobs / "0123", False), (folder.parent / "elsewhere", True)):
        shutil.move((folder / WEIGHTS).resolve(), target)
        (folder / WEIGHTS).unlink(missing_ok=True)
        (folder / WEIGHTS).symlink_to(target)
        assert ("is a link to" in notes(torch_engine, folder)) is told
        torch_engine.close()


def test_added_tokens_without_a_row_are_told_and_refused_once_used(torch_engine: TorchEngine, folder: Path) -> None:
    tokenizer = byte_level_tokenizer()
    tokenizer.add_tokens(["<beyond>"])
    for index in range(320 - len(tokenizer) + 3):
        tokenizer.add_tokens([f"<more{index}>"])
    tokenizer.save_pretrained(folder)
    model = load(torch_engine, folder, "bf16")
    assert any("added tokens of the tokenizer have no row" in note for note in model.report.notes)
    last = tokenizer.convert_ids_to_tokens(len(tokenizer) - 1)
    with pytest.raises(QuantTuiError, match="beyond the embedding"):
        generate(model, f"once {last}")


def test_a_tokenizer_that_knows_few_of_the_rows_is_told(torch_engine: TorchEngine, tmp_path: Path) -> None:
    assert "of 2,000 tokens: it may be another" in notes(torch_engine, save_model(tmp_path, llama(vocab_size=2000)))


ARCHITECTURES = {
    "llama": llama(tie_word_embeddings=True),
    "qwen2": qwen2(),
    "gpt2": gpt2(),
    "gpt_neox": gpt_neox(),
    "gemma2": gemma2(),
    "granite": granite(),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_no_tensor_of_any_architecture_may_be_missing_or_misshapen(
    torch_engine: TorchEngine, tmp_path: Path, name: str
) -> None:
    """Each kind of tensor once: what differs between layers is their number alone."""
    folder = save_model(tmp_path / "model", ARCHITECTURES[name])
    tensors = load_file(folder / WEIGHTS)
    for variant in ("bf16", "nf4"):
        assert generate(load(torch_engine, folder, variant), "once", max_new_tokens=2).token_ids
        torch_engine.close()
    for key in [key for key in tensors if ".1." not in key]:
        save_file({other: tensors[other] for other in tensors if other != key}, folder / WEIGHTS, {"format": "pt"})
        with pytest.raises(LoadError, match="lacks"):
            load(torch_engine, folder, "nf4")
        longer = torch.cat([tensors[key], tensors[key]])
        save_file({**tensors, key: longer}, folder / WEIGHTS, {"format": "pt"})
        with pytest.raises(LoadError, match="shape"):
            load(torch_engine, folder, "nf4")
